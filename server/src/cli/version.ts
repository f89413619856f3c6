import { EXIT, print, type Run } from './command.ts'

/** `version`: of Benchkey, and with `--json` of the Node it runs on. */
export const runVersion: Run = async ({ options }, context) => {
  const { version } = context
  print(context, options.json ? JSON.stringify({ version, node: process.versions.node }) : `benchkey ${version}`)
  return EXIT.ok
}
