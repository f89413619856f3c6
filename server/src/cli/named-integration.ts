import { BenchkeyError, type Client, resolveIntegration, type WireIntegration } from '@benchkey/sdk'

/** The integration that somebody named, of those listed. One that is not among them is asked for: the server says why it is not. */
export async function namedIntegration(client: Client, all: readonly WireIntegration[], name: string): Promise<WireIntegration> {
  try {
    return resolveIntegration(all, name)
  } catch (error) {
    if (!(error instanceof BenchkeyError) || error.code !== 'unknown_integration') throw error
    return await client.integration(name)
  }
}
