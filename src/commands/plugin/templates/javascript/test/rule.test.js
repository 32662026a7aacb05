import assert from 'node:assert/strict';
import { test } from 'node:test';

import { snapshot } from '../holdpoint.js';
import { checkParameters, evaluate } from '../rule.js';

const minute = 60_000;
const now = 1_000 * minute;

function ask(records, deploymentName = 'storefront') {
  const request = { artifact: { digest: 'sha256:new' }, environment: 'production', deploymentName };
  return evaluate({ request, asOf: now, parameters: { minutes: 30 } }, snapshot(records)).findings;
}

const deployed = (digest, minutesAgo) => ({
  id: 'record-1', environment: 'production', target: 'production', deploymentName: 'storefront',
  artifact: { digest }, status: 'deployed', createdAt: now - minutesAgo * minute,
});

test('it passes', () => {
  assert.deepEqual(ask([]), []);
  assert.deepEqual(ask([deployed('sha256:old', 30)]), []);
  assert.deepEqual(ask([deployed('sha256:new', 10)]), []);
});

test('it holds until the time is over', () => {
  const [finding] = ask([deployed('sha256:old', 10)]);
  assert.equal(finding.effect, 'hold');
  assert.equal(finding.opensAt, now + 20 * minute);
  assert.deepEqual(finding.records, ['record-1']);
});

test('a request without a deployment name is denied', () => {
  assert.equal(ask([], '')[0].effect, 'deny');
});

test('parameters', () => {
  for (const good of [{}, { minutes: 5 }]) assert.deepEqual(checkParameters(good), []);
  for (const wrong of [{ minutes: 0 }, { minutes: 1.5 }, { minutes: '5' }]) assert.equal(checkParameters(wrong).length, 1);
});
