// What becomes the component: the rule, joined to holdpoint.
import * as records from 'holdpoint:plugin/records@0.1.0';
import { plugin, withoutClock } from './holdpoint.js';
import { rule as offered } from './rule.js';

withoutClock();

export const rule = plugin(offered, records);
