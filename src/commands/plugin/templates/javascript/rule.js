// Some time has to lie between two deployments.

const minute = 60_000;
const defaults = { minutes: 30 };

/** @type {import('./holdpoint.js').Rule} */
export const rule = {
  metadata: {
    name: '{{name}}',
    version: '0.1.0',
    title: 'Time between deployments',
    description: 'Some minutes have to lie between two deployments to the same environment.',
    parametersSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
      properties: {
        minutes: {
          description: 'How many minutes have to lie between two deployments.',
          type: 'integer',
          minimum: 1,
          maximum: 1440,
          default: 30,
        },
      },
    },
  },
  checkParameters,
  evaluate,
};

/** What is wrong with parameters beyond what the schema can say, in a sentence for each fault. */
export function checkParameters(parameters) {
  const { minutes } = { ...defaults, ...parameters };
  const good = Number.isSafeInteger(minutes) && minutes >= 1 && minutes <= 1440;
  return good ? [] : [`minutes: ${JSON.stringify(minutes)} is not from 1 to 1440`];
}

/** Throw when the rule cannot decide; an objection is a finding. */
export function evaluate({ request, asOf, parameters }, records) {
  const { minutes } = { ...defaults, ...parameters };
  const { environment, deploymentName } = request;
  if (deploymentName === '') {
    return {
      findings: [{
        effect: 'deny',
        code: 'deployment-name-missing',
        message: 'the request names no deployment',
        remediation: 'name the deployment in the request',
      }],
    };
  }
  const last = records.latest({ environment, deploymentName });
  if (!last || last.artifact.digest === request.artifact.digest) return { findings: [] };
  const opensAt = last.createdAt + minutes * minute;
  if (opensAt <= asOf) return { findings: [] };
  const ago = Math.floor(Math.max(asOf - last.createdAt, 0) / minute);
  return {
    findings: [{
      effect: 'hold',
      code: 'too-soon',
      message: `${deploymentName} in ${environment} was changed ${ago} minutes ago, and ${minutes} have to lie between two deployments`,
      remediation: 'ask again when the hold opens',
      records: [last.id],
      opensAt,
    }],
  };
}
