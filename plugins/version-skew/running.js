// What runs where, read from records.
import { each } from './holdpoint.js';

/**
 * @typedef {import('./holdpoint.js').DeploymentRecord} DeploymentRecord
 * @typedef {import('./holdpoint.js').Records} Records
 */

/**
 * The records by which artifacts of a kind run, or may run, under a deployment name. A target is one that has a record
 * that is `deployed` or of an unknown status, unless they are given.
 * @param {Records} records
 * @param {{environment: string, deploymentName: string, kind: string, targets?: string[]}} place
 * @returns {DeploymentRecord[]}
 */
export function running(records, { environment, deploymentName, kind, targets }) {
  return [...(targets ?? targetsOf(records, environment, deploymentName))]
    .flatMap((target) => holders(records, { environment, target, deploymentName }, kind));
}

function targetsOf(records, environment, deploymentName) {
  const found = new Set();
  for (const status of ['deployed', 'unknown']) {
    for (const record of each(records, { environment, deploymentName, status })) found.add(record.target);
  }
  return found;
}

// The newest record tells, unless it is superseded: then an older one that still is `deployed` may run beside whatever
// came. Where several are of the same instant, it cannot be told which is the newest, and all of them count.
function holders(records, slot, kind) {
  const found = [];
  for (const record of each(records, slot, 20)) {
    if (record.artifact.kind !== kind) continue;
    if (found.length > 0 && record.createdAt < found[0].createdAt) break;
    if (record.status === 'decommissioned') break;
    if (record.status !== 'superseded') found.push(record);
  }
  return found;
}

/**
 * The versions that records give the requested artifact, or else the one of the request, which is the caller's claim.
 * @param {Records} records
 * @param {import('./holdpoint.js').Artifact} artifact
 * @returns {string[]}
 */
export function requestedVersions(records, artifact) {
  const recorded = new Set();
  for (const record of each(records, { digest: artifact.digest })) {
    if (record.artifact.kind === artifact.kind && record.artifact.version !== '') recorded.add(record.artifact.version);
  }
  return recorded.size > 0 ? [...recorded] : [artifact.version];
}

/**
 * The deployment names that the request is about: its own, or those under which the artifact was recorded.
 * @param {Records} records
 * @param {import('./holdpoint.js').Request} request
 * @returns {string[]}
 */
export function deploymentNames(records, request) {
  if (request.deploymentName !== '') return [request.deploymentName];
  const found = new Set();
  for (const record of each(records, { digest: request.artifact.digest })) {
    if (record.artifact.kind === request.artifact.kind) found.add(record.deploymentName);
  }
  return [...found];
}
