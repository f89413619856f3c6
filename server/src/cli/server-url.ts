import { CliError, EXIT } from './command.ts'
import { oneLine } from './printing.ts'

/** The address of a server's pages as somebody wrote it, without a trailing slash. A host alone is meant by https. Throws CliError. */
export function serverUrlOf(written: string | undefined): string {
  if (written === undefined) {
    throw new CliError('The address of the Benchkey server is missing.', {
      action: 'Give the one that you open in a browser: benchkey login https://HOST',
      exitCode: EXIT.usage,
    })
  }
  const shown = oneLine(written).slice(0, 200)
  if (!/[.:/]/.test(written) && written !== 'localhost') {
    throw new CliError(`"${shown}" is no address of a server.`, {
      action: `Did you mean: benchkey sign-in ${shown}`,
      exitCode: EXIT.usage,
    })
  }
  const whole = /^[a-z]+:\/\//i.test(written) ? written : `https://${written}`
  const url = URL.canParse(whole) ? new URL(whole) : undefined
  if (url?.protocol === 'https:' && url.username === '' && url.search === '' && url.hash === '') {
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  }
  throw new CliError(`"${shown}" is no https address of a server.`, {
    action: 'Give the one that you open in a browser, as https://HOST',
    exitCode: EXIT.usage,
  })
}
