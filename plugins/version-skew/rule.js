// A version to deploy may not be more steps from what runs than is allowed.
import { deploymentNames, requestedVersions, running } from './running.js';
import { schema } from './schema.js';
import { distance, parse } from './semver.js';

// How many versions and places one verdict tells.
const mostTold = 20;

const defaults = { minor_steps: 1, major_steps: 0, unversioned: 'deny', exempt_intents: [] };

/** @type {import('./holdpoint.js').Rule} */
export const rule = {
  metadata: {
    name: 'version-skew',
    version: '1.0.0',
    title: 'Version skew',
    description:
      'The version to deploy may not be more minor or major versions from what runs in the environment than is allowed, up or down.',
    parametersSchema: schema,
  },
  checkParameters,
  evaluate,
};

export function checkParameters(parameters) {
  const faults = [];
  for (const name of ['minor_steps', 'major_steps']) {
    const steps = parameters[name] ?? 0;
    if (!Number.isSafeInteger(steps) || steps < 0) faults.push(`${name}: ${JSON.stringify(steps)} is no number of steps`);
  }
  const unversioned = parameters.unversioned ?? 'deny';
  if (!['deny', 'hold', 'skip'].includes(unversioned)) {
    faults.push(`unversioned: ${JSON.stringify(unversioned)} is none of deny, hold, skip`);
  }
  for (const name of ['environments', 'targets', 'deployments']) {
    if (parameters[name]?.length === 0) faults.push(`${name}: there is none, so nothing would be compared`);
  }
  return faults;
}

export function evaluate({ request, environments, parameters: given }, records) {
  const parameters = { ...defaults, ...given };
  const [fault] = checkParameters(parameters);
  if (fault !== undefined) throw new TypeError(`the parameters are not usable: ${fault}`);
  const wanted = parameters.environments ?? [request.environment];
  const unknown = wanted.filter((name) => !environments.includes(name));
  if (unknown.length > 0) return { findings: unknown.map((name) => environmentUnknown(name, request)) };
  const names = parameters.deployments ?? deploymentNames(records, request);
  if (names.length === 0) return { findings: [deploymentNameMissing] };

  const others = wanted
    .flatMap((environment) => names.flatMap((deploymentName) => running(records, {
      environment, deploymentName, kind: request.artifact.kind, targets: parameters.targets,
    })))
    .filter((record) => record.artifact.digest !== request.artifact.digest);
  if (others.length === 0) return { findings: [] };
  return compared(requestedVersions(records, request.artifact), others, parameters, request.intent);
}

function compared(versions, others, parameters, intent) {
  const unreadable = versions.filter((version) => parse(version) === undefined);
  if (unreadable.length > 0) {
    const what = `the version of what is to be deployed, ${quoted(unreadable[0])}, is no semantic version`;
    if (parameters.unversioned === 'skip') return { skipped: what };
    return { findings: [excused(unversioned(what, [], parameters), intent, parameters)] };
  }
  const findings = [...byVersion(others)]
    .map(([version, places]) => judged(versions, version, places, parameters))
    .filter((finding) => finding !== undefined)
    .slice(0, mostTold);
  return { findings: findings.map((finding) => excused(finding, intent, parameters)) };
}

function byVersion(records) {
  const found = new Map();
  for (const record of records) {
    const { version } = record.artifact;
    found.set(version, [...(found.get(version) ?? []), record]);
  }
  return found;
}

/** What one version that runs means for the requested ones: a finding, or nothing. */
function judged(versions, version, places, parameters) {
  const runs = parse(version);
  if (runs === undefined) {
    const what = `what runs in ${listed(places)} has the version ${quoted(version)}, which is no semantic version`;
    const ids = places.slice(0, mostTold).map(({ id }) => id);
    return parameters.unversioned === 'skip' ? passedOver(what, ids) : unversioned(what, ids, parameters);
  }
  const far = versions.find((one) => {
    const { unit, steps } = distance(parse(one), runs);
    return steps > parameters[`${unit}_steps`];
  });
  return far === undefined ? undefined : tooFar(far, version, places, parameters);
}

function tooFar(requested, version, places, parameters) {
  const { unit, steps } = distance(parse(requested), parse(version));
  const most = parameters[`${unit}_steps`];
  const unitWords = steps === 1 ? `${unit} version` : `${unit} versions`;
  return {
    effect: 'deny',
    code: 'too-far',
    message: `${requested} is ${steps} ${unitWords} from ${version}, which runs in ${listed(places)}: ${most} is the most`,
    remediation: 'deploy a version in between first',
    records: places.slice(0, mostTold).map(({ id }) => id),
  };
}

function unversioned(what, records, parameters) {
  return {
    effect: parameters.unversioned,
    code: 'version-unknown',
    message: `${what}, so the steps between them cannot be told`,
    remediation: 'record semantic versions, or set `unversioned: skip`',
    records,
  };
}

function passedOver(what, records) {
  return { effect: 'warn', code: 'not-compared', message: `${what}: it was not compared`, records };
}

/** An exempt request passes, and what is against it is told all the same. */
function excused(finding, intent, parameters) {
  if (finding.effect === 'warn' || !parameters.exempt_intents.includes(intent)) return finding;
  return { ...finding, effect: 'warn', message: `${finding.message}; requests with the intent ${quoted(intent)} pass` };
}

function environmentUnknown(name, request) {
  return {
    effect: 'deny',
    code: 'environment-unknown',
    message: `the rule compares with ${quoted(name)}, and no records of it are read for requests to ${quoted(request.environment)}`,
    remediation: 'name the environment of the request, or one that comes before it',
  };
}

const deploymentNameMissing = {
  effect: 'deny',
  code: 'deployment-name-missing',
  message: 'the request names no deployment, and the artifact was recorded under none',
  remediation: 'name the deployment in the request, or set `deployments`',
};

function listed(places) {
  const names = [...new Set(places.map(({ environment, target, deploymentName }) =>
    `${environment === target ? target : `${target} (${environment})`} as ${deploymentName}`))];
  const told = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${told} and ${names.length - 5} more` : told;
}

function quoted(text) {
  return JSON.stringify(text);
}
