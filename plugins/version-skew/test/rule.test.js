import assert from 'node:assert/strict';
import { test } from 'node:test';

import { snapshot } from '../holdpoint.js';
import { checkParameters, evaluate, rule } from '../rule.js';

const requested = `sha256:${'a'.repeat(64)}`;
const image = { kind: 'CONTAINER_IMAGE', name: 'ghcr.io/acme/storefront' };
let lastId = 0;

function record(version, { target = 'production', environment = 'production', digest = `sha256:${'b'.repeat(64)}`, ...rest } = {}) {
  lastId += 1;
  const { kind = image.kind, ...fields } = rest;
  return {
    id: `record-${lastId}`, environment, target, deploymentName: 'storefront', status: 'deployed', statusText: 'DEPLOYED',
    artifact: { ...image, kind, digest, version }, createdAt: 1000, updatedAt: 1000, tags: [], ...fields,
  };
}

function ask(version, records, parameters = {}, request = {}) {
  const input = {
    request: {
      artifact: { ...image, digest: requested, version }, reference: '', environment: 'production',
      deploymentName: 'storefront', intent: 'deploy', actor: '', reason: '', context: [], ...request,
    },
    asOf: 2000, channel: 'test', environments: ['staging', 'production'], parameters,
  };
  return evaluate(input, snapshot(records));
}

const codes = ({ findings }) => findings.map(({ effect, code }) => `${effect} ${code}`);

const steps = [
  // requested, running, parameters, expected
  ['1.9.0', '1.8.3', {}, []],
  ['1.8.9', '1.8.0', {}, []],
  ['1.10.0', '1.8.0', {}, ['deny too-far']],
  ['1.6.0', '1.8.0', {}, ['deny too-far']],
  ['1.10.0', '1.8.0', { minor_steps: 2 }, []],
  ['1.9.0', '1.8.0', { minor_steps: 0 }, ['deny too-far']],
  ['2.0.0', '1.8.0', {}, ['deny too-far']],
  ['2.7.0', '1.8.0', { major_steps: 1 }, []],
  ['3.0.0', '1.8.0', { major_steps: 1 }, ['deny too-far']],
  ['v1.9.0-rc.1+build.7', '1.8.0', {}, []],
  ['1.9', '1.8.0', {}, ['deny version-unknown']],
  ['01.9.0', '1.8.0', {}, ['deny version-unknown']],
  ['', '1.8.0', {}, ['deny version-unknown']],
  ['1.9.0', 'main-7f3e', {}, ['deny version-unknown']],
  ['1.9.0', 'main-7f3e', { unversioned: 'hold' }, ['hold version-unknown']],
  ['1.9.0', 'main-7f3e', { unversioned: 'skip' }, ['warn not-compared']],
];
for (const [version, runs, parameters, expected] of steps) {
  test(`${version || 'no version'} where ${runs} runs, with ${JSON.stringify(parameters)}`, () => {
    assert.deepEqual(codes(ask(version, [record(runs)], parameters)), expected);
  });
}

test('a requested version that is none is skipped on demand', () => {
  assert.match(ask('latest', [record('1.8.0')], { unversioned: 'skip' }).skipped, /"latest", is no semantic version/);
});

test('the message names the versions and where they run', () => {
  const records = ['eu', 'us'].map((target) => record('1.5.0', { target }));
  const [finding] = ask('1.8.0', records).findings;
  assert.equal(finding.message,
    '1.8.0 is 3 minor versions from 1.5.0, which runs in eu (production) as storefront, us (production) as storefront: 1 is the most');
  assert.deepEqual(finding.records, records.map(({ id }) => id));
});

test('every version that runs is compared', () => {
  const records = [record('1.8.0', { target: 'eu' }), record('1.5.0', { target: 'us' })];
  assert.deepEqual(codes(ask('1.8.0', records)), ['deny too-far']);
});

test('nothing runs there', () => {
  assert.deepEqual(ask('1.8.0', []), { findings: [] });
  assert.deepEqual(ask('1.8.0', [record('1.0.0', { status: 'decommissioned' })]), { findings: [] });
});

test('the same digest may always be deployed again', () => {
  assert.deepEqual(ask('', [record('', { digest: requested })]), { findings: [] });
});

test('the newest record of a target tells', () => {
  const older = record('1.0.0', { createdAt: 500 });
  assert.deepEqual(codes(ask('1.9.0', [record('1.8.0'), older])), []);
  assert.deepEqual(codes(ask('1.9.0', [record('1.8.0', { status: 'decommissioned' }), older])), []);
  // What came is gone, and nothing says that the older one is.
  assert.deepEqual(codes(ask('1.9.0', [record('1.8.0', { status: 'superseded' }), older])), ['deny too-far']);
  // It cannot be told which of the two is newer.
  assert.deepEqual(codes(ask('1.9.0', [record('1.8.0'), record('1.0.0')])), ['deny too-far']);
  // It may run, whatever its status means.
  assert.deepEqual(codes(ask('1.9.0', [record('1.0.0', { status: 'unknown' })])), ['deny too-far']);
  // A chart is no image.
  assert.deepEqual(codes(ask('1.9.0', [record('1.0.0', { kind: 'HELM_CHART' })])), []);
});

test('records tell the version of the digest, and the tag is only a claim', () => {
  const staged = record('1.5.0', { environment: 'staging', target: 'staging', digest: requested });
  assert.deepEqual(codes(ask('1.8.0', [staged, record('1.8.0')])), ['deny too-far']);
  assert.deepEqual(codes(ask('1.5.0', [{ ...staged, artifact: { ...staged.artifact, version: '' } }, record('1.5.0')])), []);
});

test('other environments, targets and deployments', () => {
  const staging = record('1.5.0', { environment: 'staging', target: 'staging' });
  assert.deepEqual(codes(ask('1.8.0', [staging], { environments: ['staging', 'production'] })), ['deny too-far']);
  assert.deepEqual(codes(ask('1.8.0', [staging])), []);
  assert.deepEqual(codes(ask('1.8.0', [], { environments: ['qa'] })), ['deny environment-unknown']);
  const api = record('1.5.0', { deploymentName: 'api' });
  assert.deepEqual(codes(ask('1.8.0', [api], { deployments: ['api'] })), ['deny too-far']);
  assert.deepEqual(codes(ask('1.8.0', [record('1.5.0', { target: 'us' })], { targets: ['eu'] })), []);
});

test('a request without a deployment name', () => {
  const staged = record('1.8.0', { environment: 'staging', target: 'staging', digest: requested });
  assert.deepEqual(codes(ask('1.8.0', [staged, record('1.5.0')], {}, { deploymentName: '' })), ['deny too-far']);
  assert.deepEqual(codes(ask('1.8.0', [record('1.5.0')], {}, { deploymentName: '' })), ['deny deployment-name-missing']);
});

test('exempt intents pass with a warning', () => {
  const parameters = { exempt_intents: ['rollback'] };
  assert.deepEqual(codes(ask('1.5.0', [record('1.8.0')], parameters, { intent: 'rollback' })), ['warn too-far']);
  assert.deepEqual(codes(ask('1.5.0', [record('1.8.0')], parameters)), ['deny too-far']);
});

test('records of a digest are read to the end', () => {
  const many = Array.from({ length: 1200 }, (_, at) => record('', { environment: 'staging', target: `t${at}`, digest: requested }));
  many.push(record('1.5.0', { environment: 'staging', target: 'last', digest: requested }));
  assert.deepEqual(codes(ask('1.8.0', [...many, record('1.8.0')])), ['deny too-far']);
});

const faults = [
  [{}, 0], [{ minor_steps: 3, major_steps: 1, unversioned: 'hold' }, 0],
  [{ minor_steps: -1 }, 1], [{ minor_steps: 1.5 }, 1], [{ major_steps: '1' }, 1], [{ unversioned: 'allow' }, 1], [{ targets: [] }, 1],
];
for (const [parameters, expected] of faults) {
  test(`${expected} faults in ${JSON.stringify(parameters)}`, () => {
    assert.equal(checkParameters(parameters).length, expected);
    if (expected > 0) assert.throws(() => ask('1.8.0', [], parameters), /the parameters are not usable/);
  });
}

test('the schema has every parameter', () => {
  assert.deepEqual(Object.keys(rule.metadata.parametersSchema.properties), [
    'minor_steps', 'major_steps', 'environments', 'targets', 'deployments', 'unversioned', 'exempt_intents',
  ]);
});
