/**
 * Returns true on AWS Lambda, which suspends the process between two invocations, so that timers run late or never.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function runsOnLambda(environment: NodeJS.ProcessEnv = process.env): boolean {
  // Both are set by the runtime; a tool for development sets at most one of them.
  return Boolean(environment['AWS_LAMBDA_FUNCTION_NAME'] && environment['LAMBDA_TASK_ROOT']);
}
