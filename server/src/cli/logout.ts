import { BenchkeyError, createClient, environmentOfLogin, lastServer, loginPlace } from '@benchkey/sdk'
import { CliError, EXIT, type Run, say } from './command.ts'
import { keptLogin, removeLogin } from './login-files.ts'
import { instantOf, oneLine } from './printing.ts'
import { serverUrlOf } from './server-url.ts'

/** `logout [URL]`: ends this terminal's session at the server, and removes what is kept of it. */
export const runLogout: Run = async ({ positionals: [written] }, context) => {
  const { environment } = context
  const named = written ?? lastServer(environment)
  const url = named === undefined ? undefined : serverUrlOf(named)
  const own = url === undefined ? undefined : environmentOfLogin(environment, url)
  const place = url === undefined ? undefined : loginPlace(environment, url)
  if (url === undefined || !own || !place) {
    throw new CliError(`This terminal is not logged in${url === undefined ? '' : ` to ${url}`}.`)
  }
  const endsAt = keptLogin(place)?.endsAt
  const failure = await createClient({ environment: own })
    .logOut()
    .then(() => undefined, refusalOf)
  removeLogin(place)
  if (!failure) {
    say(context, `Logged out of ${url}.`)
    return EXIT.ok
  }
  throw new CliError(`The log-in is removed here, but its session goes on: ${oneLine(failure.explanation)}`, {
    action: `It ends at ${instantOf(endsAt)}; to end it before, open ${url}.`,
    cause: failure,
  })
}

/** Undefined when there is nothing left to end. */
function refusalOf(error: unknown): BenchkeyError | undefined {
  if (!(error instanceof BenchkeyError)) throw error
  return error.code === 'session_ended' ? undefined : error
}
