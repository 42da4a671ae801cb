import { describe, expect, it } from '@jest/globals';
import { TIME_PARTS, TimeParts } from '../../../lib/instrumentation/requests/time-parts.js';
