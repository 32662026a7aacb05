import assert from 'node:assert/strict';
import { test } from 'node:test';

import { distance, parse } from '../semver.js';

test('semantic versions', () => {
  for (const text of ['0.0.0', 'v1.2.3', '1.2.3-alpha.1', '1.2.3-0a', '1.2.3--', '1.2.3+build.01', '1.2.3-x.7.z+a-b']) {
    assert.notEqual(parse(text), undefined, text);
  }
  for (const text of ['', '1', '1.2', '1.2.3.4', '01.2.3', '1.2.3-', '1.2.3-01', '1.2.3+', 'V1.2.3', ' 1.2.3', '1.2.3\n', '1.2.x', `${'9'.repeat(16)}.0.0`]) {
    assert.equal(parse(text), undefined, text);
  }
});

test('a long text does not take long', () => {
  const started = process.hrtime.bigint();
  assert.equal(parse(`1.2.3-${'0'.repeat(1_000_000)}!`), undefined);
  assert.equal(parse(`1.2.3-${'1'.repeat(240)}!`), undefined);
  assert.ok(process.hrtime.bigint() - started < 1_000_000_000n);
});

test('distance is the same both ways', () => {
  assert.deepEqual(distance(parse('1.2.0'), parse('1.5.9')), { unit: 'minor', steps: 3 });
  assert.deepEqual(distance(parse('1.5.9'), parse('1.2.0')), { unit: 'minor', steps: 3 });
  assert.deepEqual(distance(parse('1.5.0'), parse('3.0.0')), { unit: 'major', steps: 2 });
});
