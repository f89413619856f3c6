import { createClient } from '@benchkey/sdk'
import { CliError, EXIT, type Run, say } from './command.ts'
import { runInForeground, SignalRelay } from './launch.ts'
import { namedIntegration } from './named-integration.ts'
import { oneLine } from './printing.ts'
import { keepTokenFiles, type TokenFile } from './token-files.ts'

/** One `VAR=NAME` or `VAR=@NAME`. */
interface Wish {
  readonly variable: string
  readonly name: string
  readonly isFile: boolean
}

/**
 * `run VAR=NAME… -- COMMAND…`: runs the command with a fresh token in each variable, or with the path of a file that is kept
 * fresh. The command does not start unless every token is there; its exit code is ours.
 */
export const runWithTokens: Run = async ({ positionals, command }, context) => {
  const wishes = parseWishes(positionals)
  const relay = new SignalRelay(context.signals)
  const client = createClient({ environment: context.environment })
  const integrations = await client.integrations()
  const found = await Promise.all(
    wishes.map(async (wish) => ({ ...wish, integration: await namedIntegration(client, integrations, wish.name) })),
  )
  const granted = await Promise.all(
    found.map(async ({ integration, ...wish }) => {
      const token = await client.token(integration.uid)
      if (token.warning) say(context, oneLine(token.warning))
      return { ...wish, uid: integration.uid, displayName: oneLine(integration.display_name), token }
    }),
  )
  const files = keepTokenFiles(granted.filter(({ isFile }) => isFile) satisfies readonly TokenFile[], client, context)
  try {
    const inVariables = granted.filter(({ isFile }) => !isFile).map(({ variable, token }) => [variable, token.accessToken])
    return await runInForeground({
      words: command,
      environment: { ...given(context.environment), ...Object.fromEntries(inVariables), ...files.variables },
      folder: undefined,
      relay,
      asCaller: context.asCaller,
    })
  } finally {
    await files.close()
  }
}

function parseWishes(words: readonly string[]): readonly Wish[] {
  const wishes = words.map((word) => {
    const [, variable, at, name] = /^([A-Za-z_][A-Za-z0-9_]*)=(@?)([^@].*)$/su.exec(word) ?? []
    if (variable === undefined || name === undefined) throw notAWish(word)
    return { variable, name, isFile: at === '@' }
  })
  const twice = wishes.find(({ variable }, index) => wishes.findIndex((each) => each.variable === variable) !== index)
  if (!twice) return wishes
  throw new CliError(`The variable ${twice.variable} is given twice.`, {
    action: 'Give each variable one integration.',
    exitCode: EXIT.usage,
  })
}

function notAWish(word: string): CliError {
  return new CliError(`"${oneLine(word).slice(0, 80)}" is not of the form VAR=NAME.`, {
    action: 'Such as: benchkey run API_TOKEN=box-integration -- COMMAND; VAR=@NAME gives a file that is kept fresh.',
    exitCode: EXIT.usage,
  })
}

function given(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
