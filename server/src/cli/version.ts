import { EXIT, print, type Run } from './command.ts'

/** `version` */
export const runVersion: Run = async (_call, context) => {
  print(context, `benchkey ${context.version}`)
  return EXIT.ok
}
