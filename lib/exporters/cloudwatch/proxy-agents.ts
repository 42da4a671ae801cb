/** Options of the agents of `node:http` and `node:https` that send by the proxy of the environment. */
export interface ProxyAgents {
  readonly httpAgent: AgentOptions;
  readonly httpsAgent: AgentOptions;
}

interface AgentOptions {
  readonly keepAlive: true;
  readonly proxyEnv: NodeJS.ProcessEnv;
}

/**
 * Returns the agents that the AWS SDK is to have where Node was asked to use the proxy of the environment
 * (`NODE_USE_ENV_PROXY=1` or `--use-env-proxy`, from Node 22.21 and 24.5): it gives it to its own agents only, and the
 * SDK makes others.
 */
export function proxyAgents(
  environment: NodeJS.ProcessEnv = process.env,
  flags: readonly string[] = process.execArgv,
): ProxyAgents | undefined {
  const isAsked =
    environment['NODE_USE_ENV_PROXY'] === '1' ||
    flags.includes('--use-env-proxy') ||
    /(?:^|\s)--use-env-proxy(?:\s|$)/.test(environment['NODE_OPTIONS'] ?? '');
  if (!isAsked) return undefined;
  const options = { keepAlive: true, proxyEnv: environment } as const;
  return { httpAgent: options, httpsAgent: options };
}
