import { describe, expect, it } from '@jest/globals';
import { runsOnLambda } from '../../lib/primitives/runs-on-lambda.js';

describe('AWS Lambda', () => {
  it.each<[boolean, NodeJS.ProcessEnv]>([
    [true, { AWS_LAMBDA_FUNCTION_NAME: 'shop', LAMBDA_TASK_ROOT: '/var/task' }],
    [false, {}],
    [false, { AWS_LAMBDA_FUNCTION_NAME: 'shop' }],
    [false, { LAMBDA_TASK_ROOT: '/var/task' }],
    [false, { AWS_LAMBDA_FUNCTION_NAME: '', LAMBDA_TASK_ROOT: '/var/task' }],
  ])('is recognised (%s) by the variables of its runtime: %j', (expected, environment) => {
    expect(runsOnLambda(environment)).toBe(expected);
  });
});
