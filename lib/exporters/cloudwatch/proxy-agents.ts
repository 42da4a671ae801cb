/** Options of `node:http` and `node:https` agents that use the proxy of the environment. */
export interface ProxyAgents {
  readonly httpAgent: AgentOptions;
  readonly httpsAgent: AgentOptions;
}

interface AgentOptions {
  readonly keepAlive: true;
  readonly proxyEnv: NodeJS.ProcessEnv;
}

/**
 * Returns agent options for the AWS SDK if Node uses the proxy of the environment (`NODE_USE_ENV_PROXY=1` or
 * `--use-env-proxy`, from Node 22.21 and 24.5). Node applies the proxy to its global agents only, and the SDK creates
 * its own.
 */
export function proxyAgents(
  environment: NodeJS.ProcessEnv = process.env,
  flags: readonly string[] = process.execArgv,
): ProxyAgents | undefined {
  const usesProxy =
    environment['NODE_USE_ENV_PROXY'] === '1' ||
    flags.includes('--use-env-proxy') ||
    /(?:^|\s)--use-env-proxy(?:\s|$)/.test(environment['NODE_OPTIONS'] ?? '');
  if (!usesProxy) return undefined;
  const options = { keepAlive: true, proxyEnv: environment } as const;
  return { httpAgent: options, httpsAgent: options };
}
