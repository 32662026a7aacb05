// The contract holdpoint:plugin@0.1.0 in JavaScript's words. Nothing here depends on a rule, and all of it runs in Node
// too, so that a rule is tested without WebAssembly; component.js joins it to holdpoint.

/**
 * @typedef {{name: string, value: string}} Attribute
 * @typedef {{kind: string, name: string, digest: string, version: string}} Artifact
 * @typedef {'deployed' | 'superseded' | 'decommissioned' | 'unknown'} Status
 * @typedef {{id: string, environment: string, target: string, deploymentName: string, artifact: Artifact,
 *   status: Status, statusText: string, createdAt: number, updatedAt: number, lastSeenAt?: number | null,
 *   tags: Attribute[]}} DeploymentRecord One deployment record. Times are milliseconds since 1970.
 * @typedef {{artifact: Artifact, reference: string, environment: string, deploymentName: string, intent: string,
 *   actor: string, reason: string, context: Attribute[]}} Request What somebody wants to deploy.
 * @typedef {{request: Request, asOf: number, channel: string, environments: string[], parameters: any}} Input
 *   The question. `asOf` is the only clock; `parameters` are the rule's, parsed.
 * @typedef {{environment?: string, target?: string, deploymentName?: string, digest?: string, status?: Status}} Filter
 *   Fields that are absent match everything.
 * @typedef {{count(filter: Filter): number, latest(filter: Filter): DeploymentRecord | null | undefined,
 *   page(filter: Filter, offset: number, limit: number): DeploymentRecord[]}} Records Newest first, at most 500 a page.
 * @typedef {{effect: 'deny' | 'hold' | 'warn', code: string, message: string, remediation?: string,
 *   records?: string[], opensAt?: number}} Finding
 * @typedef {{findings: Finding[]} | {skipped: string}} Verdict Without findings the rule has passed.
 * @typedef {{name: string, version: string, title: string, description: string, parametersSchema?: object,
 *   documentationUrl?: string}} Metadata
 * @typedef {{metadata: Metadata, checkParameters?(parameters: any): string[],
 *   evaluate(input: Input, records: Records): Verdict}} Rule
 */

const effects = ['deny', 'hold', 'warn'];
const filterFields = ['environment', 'target', 'deploymentName', 'digest', 'status'];
const statuses = ['deployed', 'superseded', 'decommissioned', 'unknown'];

/**
 * What a component exports for a rule. What the rule throws becomes "could not decide" with its message, and so does an
 * answer of the wrong shape, which would else end the plugin without a word.
 * @param {Rule} rule
 * @param {Records} records
 */
export function plugin(rule, records) {
  const checked = checkedRecords(records);
  return {
    describe() {
      const { parametersSchema, documentationUrl, ...texts } = rule.metadata;
      return { ...texts, parametersSchema: parametersSchema && JSON.stringify(parametersSchema), documentationUrl };
    },
    checkParameters(text) {
      const faults = caught(() => rule.checkParameters?.(JSON.parse(text)) ?? [], (words) => [words]);
      if (faults.length > 0) throw faults.map(String);
    },
    evaluate(input) {
      return caught(
        () => atInstant(Number(input.asOf), () =>
          verdict(rule.evaluate({ ...input, asOf: Number(input.asOf), parameters: JSON.parse(input.parameters) }, checked))),
        (words) => { throw words; },
      );
    },
  };
}

function caught(action, otherwise) {
  try {
    return action();
  } catch (error) {
    return otherwise(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

// There is no clock and no randomness in here, and asking for them would end the plugin without a word. While a rule is
// evaluated, the time is the instant of the decision.
let now;
const RealDate = Date;

function atInstant(instant, action) {
  now = instant;
  try {
    return action();
  } finally {
    now = undefined;
  }
}

function instantOfDecision() {
  if (now === undefined) throw new Error('there is no clock but the instant of the decision');
  return now;
}

/** Replaces `Date` and `Math.random`. component.js calls it before anything else runs. */
export function withoutClock() {
  globalThis.Date = new Proxy(RealDate, {
    construct: (date, given, target) => Reflect.construct(date, given.length > 0 ? given : [instantOfDecision()], target),
    apply: () => new RealDate(instantOfDecision()).toString(),
    get: (date, key) => (key === 'now' ? instantOfDecision : Reflect.get(date, key)),
  });
  Math.random = () => { throw new Error('there is no randomness: the same question has to get the same answer'); };
}

/** A field that is misspelt would match every record, so unknown ones are refused. */
function checkedRecords(records) {
  const check = (filter) => {
    for (const [field, value] of Object.entries(filter)) {
      if (!filterFields.includes(field)) throw new TypeError(`the filter has no field ${JSON.stringify(field)}`);
      if (value !== undefined && typeof value !== 'string') throw new TypeError(`the filter's ${field} is no text`);
    }
    if (filter.status !== undefined && !statuses.includes(filter.status)) {
      throw new TypeError(`the filter's status ${JSON.stringify(filter.status)} is none of ${statuses.join(', ')}`);
    }
    return filter;
  };
  return {
    count: (filter) => records.count(check(filter)),
    latest: (filter) => records.latest(check(filter)) ?? undefined,
    page: (filter, offset, limit) => records.page(check(filter), offset, limit),
  };
}

/** The verdict as the contract has it; throws what is wrong with its shape. */
function verdict(given) {
  if (typeof given?.skipped === 'string' && given.skipped !== '') return { tag: 'skipped', val: given.skipped };
  if (!Array.isArray(given?.findings)) throw new TypeError('the rule gave neither `findings` nor the reason it is `skipped`');
  return { tag: 'evaluated', val: given.findings.map(finding) };
}

function finding(given, position) {
  const wrong = (what) => { throw new TypeError(`findings[${position}]: ${what}`); };
  const { effect, code, message, remediation, records = [], opensAt } = given ?? {};
  if (!effects.includes(effect)) wrong(`the effect ${JSON.stringify(effect)} is none of ${effects.join(', ')}`);
  for (const [name, text] of Object.entries({ code, message })) {
    if (typeof text !== 'string' || text === '') wrong(`the ${name} is missing`);
  }
  if (remediation !== undefined && typeof remediation !== 'string') wrong('the remediation is no text');
  if (!Array.isArray(records) || records.some((id) => typeof id !== 'string')) wrong('the records are no list of ids');
  if (opensAt !== undefined && !(Number.isSafeInteger(opensAt) && opensAt >= 0)) {
    wrong('opensAt is no whole number of milliseconds since 1970');
  }
  return { effect, code, message, remediation, records, opensAt };
}

/**
 * Records over a list, for tests.
 * @param {DeploymentRecord[]} list newest first
 * @returns {Records}
 */
export function snapshot(list) {
  const matching = (filter) => list.filter((record) =>
    filterFields.every((field) => filter[field] === undefined
      || filter[field] === (field === 'digest' ? record.artifact.digest : record[field])));
  return checkedRecords({
    count: (filter) => matching(filter).length,
    latest: (filter) => matching(filter)[0],
    page: (filter, offset, limit) => matching(filter).slice(offset, offset + Math.min(limit, 500)),
  });
}

/**
 * All records that match, newest first, fetched as far as they are looked at.
 * @param {Records} records
 * @param {Filter} filter
 * @param {number} size of one page
 * @returns {Generator<DeploymentRecord>}
 */
export function* each(records, filter, size = 500) {
  for (let offset = 0; ; offset += size) {
    const page = records.page(filter, offset, size);
    yield* page;
    if (page.length < size) return;
  }
}
