import { createClient } from '@benchkey/sdk'
import { CliError, EXIT, print, type Run, say } from './command.ts'

/** `token NAME`: prints an access token that is valid now, alone on stdout. */
export const runToken: Run = async ({ options, positionals: [name = ''] }, context) => {
  if (options.header && options.json) {
    throw new CliError('--header and --json exclude each other.', { action: 'Give one of them.', exitCode: EXIT.usage })
  }
  const minTtlSeconds = wholeSeconds(options['min-ttl'])
  const client = createClient({ environment: context.environment })
  const token = await client.token(name, minTtlSeconds === undefined ? {} : { minTtlSeconds })
  if (token.warning) say(context, token.warning)
  if (options.json) print(context, JSON.stringify(token.wire))
  else print(context, options.header ? `Authorization: Bearer ${token.accessToken}` : token.accessToken)
  return EXIT.ok
}

function wholeSeconds(text: string | true | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text === true || !/^\d{1,9}$/.test(text)) {
    throw new CliError('--min-ttl is not a number of seconds.', {
      action: 'Give whole seconds, such as: --min-ttl 300',
      exitCode: EXIT.usage,
    })
  }
  return Number(text)
}
