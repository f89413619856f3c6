import { type Client, createClient, type WireIntegration } from '@benchkey/sdk'
import { CliError, type Context, EXIT, print, type Run, say } from './command.ts'
import { type GitCredential, hostOf, parseGitCredential } from './git-protocol.ts'
import { oneLine } from './printing.ts'

/** What services take that look at the token alone; GitLab asks for it by this name. */
const USER_NAME = 'oauth2'

/** `git-credential ACTION`: a credential helper of Git (gitcredentials(7)); `--setup` prints how to make it one. */
export const runGitCredential: Run = async ({ options, positionals: [action] }, context) => {
  if (options.setup) return await printSetup(context)
  if (action === undefined) {
    throw new CliError('Git calls this with get, store or erase.', {
      action: 'Make it Git’s helper with: benchkey git-credential --setup',
      exitCode: EXIT.usage,
    })
  }
  if (action === 'get') return await answer(context)
  if (action === 'erase') return await reportRefused(context)
  // `store`: Benchkey has it already. Others may come; gitcredentials(7) wants them ignored.
  return EXIT.ok
}

async function answer(context: Context): Promise<number> {
  const { asked, integration, client } = await find(context)
  if (!integration) return EXIT.ok
  const { accessToken, expiresAt, warning } = await client.token(integration.uid)
  if (warning) say(context, warning)
  // A reply has the capabilities first. Git without this one drops `ephemeral`, as all it does not know.
  if (asked.capabilities.includes('authtype')) print(context, 'capability[]=authtype')
  print(context, `username=${asked.username ?? USER_NAME}`)
  print(context, `password=${accessToken}`)
  if (expiresAt) print(context, `password_expiry_utc=${Math.floor(expiresAt.getTime() / 1000)}`)
  print(context, 'ephemeral=1')
  return EXIT.ok
}

/** Of what Git calls refused only our own present token is reported: nothing of a password of another helper goes anywhere. */
async function reportRefused(context: Context): Promise<number> {
  const { asked, integration, client } = await find(context)
  if (!integration || !asked.password) return EXIT.ok
  const { accessToken } = await client.token(integration.uid)
  if (accessToken !== asked.password) return EXIT.ok
  const { outcome, explanation, action } = await client.report(integration.uid, accessToken)
  const again = outcome === 'renewed' || outcome === 'newer_token'
  say(context, explanation, again ? 'Run the Git command again.' : action)
  return EXIT.ok
}

interface Found {
  readonly asked: GitCredential
  readonly client: Client
  /** Undefined when the request is for a host that is not ours: Git then asks its next helper. */
  readonly integration: WireIntegration | undefined
}

async function find({ input, environment }: Context): Promise<Found> {
  const asked = await parseGitCredential(input)
  const client = createClient({ environment })
  const host = hostOf(asked)
  if (host === undefined) return { asked, client, integration: undefined }
  const integrations = await client.integrations()
  return { asked, client, integration: integrations.find((each) => gitHostsOf(each).includes(host)) }
}

function gitHostsOf({ git_hosts }: WireIntegration): readonly string[] {
  return Array.isArray(git_hosts) ? git_hosts : []
}

/** What a host name may look like in a line that a shell is to run. */
const HOST = /^[a-z0-9._-]+(:\d+)?$|^\[[0-9a-f:.]+\](:\d+)?$/

/**
 * One line for each host: for it alone, and in front of it an empty helper, which makes Git forget all other ones. `store` and
 * `cache` would otherwise be given the token to keep.
 */
async function printSetup(context: Context): Promise<number> {
  const integrations = await createClient({ environment: context.environment }).integrations()
  const hosts = integrations.flatMap((each) => gitHostsOf(each).map((host) => ({ host, name: oneLine(each.display_name) })))
  const usable = hosts.filter(({ host }) => HOST.test(host))
  if (usable.length === 0) {
    throw new CliError('No integration of yours is for Git.', {
      action: 'Ask your administrator to write git-hosts into the section of the service.',
    })
  }
  for (const { host, name } of usable) {
    const key = `'credential.https://${host}.helper'`
    const helper = "'!benchkey git-credential'"
    print(context, `git config --global --replace-all ${key} '' && git config --global --add ${key} ${helper}`)
    say(context, `The line for ${host} gives Git the token of ${name}.`)
  }
  return EXIT.ok
}
