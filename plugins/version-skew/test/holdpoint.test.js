import assert from 'node:assert/strict';
import { test } from 'node:test';

import { plugin, snapshot, withoutClock } from '../holdpoint.js';

const metadata = { name: 'probe', version: '1.0.0', title: 'Probe', description: '' };
const input = { request: {}, asOf: 1000n, channel: 'test', environments: [], parameters: '{"a": 1}' };
const exported = (evaluate, checkParameters) => plugin({ metadata, evaluate, checkParameters }, snapshot([]));
const answering = (answer) => exported(() => answer);
const finding = { effect: 'deny', code: 'no', message: 'No.' };

test('verdicts in the shape of the contract', () => {
  assert.deepEqual(answering({ findings: [] }).evaluate(input), { tag: 'evaluated', val: [] });
  assert.deepEqual(answering({ skipped: 'not mine' }).evaluate(input), { tag: 'skipped', val: 'not mine' });
  assert.deepEqual(answering({ findings: [finding] }).evaluate(input).val,
    [{ ...finding, remediation: undefined, records: [], opensAt: undefined }]);
});

const wrong = [
  [undefined, /neither `findings` nor/],
  [[], /neither `findings` nor/],
  [{ skipped: '' }, /neither `findings` nor/],
  [{ findings: [undefined] }, /findings\[0\]: the effect undefined is none of deny, hold, warn/],
  [{ findings: [finding, { ...finding, effect: 'maybe' }] }, /findings\[1\]: the effect "maybe" is none of/],
  [{ findings: [{ ...finding, code: '' }] }, /the code is missing/],
  [{ findings: [{ ...finding, message: 7 }] }, /the message is missing/],
  [{ findings: [{ ...finding, remediation: {} }] }, /the remediation is no text/],
  [{ findings: [{ ...finding, records: 'record-1' }] }, /the records are no list of ids/],
  [{ findings: [{ ...finding, records: [1] }] }, /the records are no list of ids/],
  [{ findings: [{ ...finding, opensAt: 1.5 }] }, /opensAt is no whole number/],
  [{ findings: [{ ...finding, opensAt: -1 }] }, /opensAt is no whole number/],
  [{ findings: [{ ...finding, opensAt: new Date(0) }] }, /opensAt is no whole number/],
];
for (const [answer, words] of wrong) {
  test(`the answer ${JSON.stringify(answer)} is refused in words`, () => {
    assert.throws(() => answering(answer).evaluate(input), (thrown) => typeof thrown === 'string' && words.test(thrown));
  });
}

test('what a rule throws becomes words', () => {
  const thrown = (error) => {
    try {
      exported(() => { throw error; }).evaluate(input);
    } catch (words) {
      return words;
    }
    return assert.fail('it should throw');
  };
  assert.equal(thrown(new RangeError('too many')), 'RangeError: too many');
  assert.equal(thrown('plain'), 'plain');
  assert.equal(thrown(undefined), 'undefined');
});

test('parameters are parsed, and what is wrong with them is a list', () => {
  assert.equal(exported(({ parameters }) => ({ skipped: String(parameters.a) })).evaluate(input).val, '1');
  exported(() => {}, () => []).checkParameters('{}');
  exported(() => {}).checkParameters('{}');
  assert.throws(() => exported(() => {}, () => ['wrong']).checkParameters('{}'), (faults) => faults[0] === 'wrong');
  assert.throws(() => exported(() => {}, () => { throw new Error('no'); }).checkParameters('{}'), (faults) => faults[0] === 'Error: no');
});

test('the schema goes out as text', () => {
  const described = plugin({ metadata: { ...metadata, parametersSchema: { type: 'object' } }, evaluate() {} }, snapshot([])).describe();
  assert.equal(described.parametersSchema, '{"type":"object"}');
  assert.equal(answering({}).describe().parametersSchema, undefined);
});

test('a filter with a field that does not exist is refused', () => {
  for (const filter of [{ deployment_name: 'x' }, { status: 'DEPLOYED' }, { target: 1 }]) {
    assert.throws(() => snapshot([]).latest(filter), TypeError);
    assert.throws(() => exported((_, records) => ({ skipped: String(records.count(filter)) })).evaluate(input), /filter/);
  }
});

test('the clock shows the instant of the decision, and there is no randomness', (context) => {
  const { Date: date } = globalThis;
  const { random } = Math;
  context.after(() => {
    globalThis.Date = date;
    Math.random = random;
  });
  withoutClock();
  const read = exported(() => ({ skipped: [Date.now(), new Date().getTime(), new Date(5).getTime(), Date.UTC(1970, 0, 2)].join() }));
  assert.equal(read.evaluate(input).val, '1000,1000,5,86400000');
  assert.ok(new Date(0) instanceof Date);
  assert.throws(() => Date.now(), /no clock but the instant/);
  assert.throws(() => exported(() => ({ skipped: String(Math.random()) })).evaluate(input), /there is no randomness/);
});
