import { StringDecoder } from 'node:string_decoder'
import { CliError, type Context, EXIT } from './command.ts'

/** 128 + SIGINT, as a shell would answer. */
export const INTERRUPTED = 130

/** No password is longer; more is somebody's file. */
const LINE_LIMIT_BYTES = 4096

/** The first line of a stream, without its end. */
export async function firstLineOf(input: Context['input']): Promise<string> {
  let text = Buffer.alloc(0)
  for await (const chunk of input as AsyncIterable<Buffer | string>) {
    text = Buffer.concat([text, Buffer.from(chunk)])
    if (text.includes(10) || text.length > LINE_LIMIT_BYTES) break
  }
  return (text.toString('utf8').split('\n', 1)[0] ?? '').replace(/\r$/, '')
}

/** Asks for a new password twice without showing it. Without a terminal: CliError, exit code 2. */
export async function askPasswordTwice(context: Context): Promise<string> {
  if (!context.input.isTTY) {
    throw new CliError('There is no terminal to ask for the password.', {
      action: 'Give it on stdin with: --password-stdin',
      exitCode: EXIT.usage,
    })
  }
  const [first = '', second = ''] = await askHidden(context, ['Password: ', 'The same again: '])
  if (first === '') throw new CliError('The password is empty.', { action: 'Choose one and run this again.' })
  if (first !== second) throw new CliError('The two passwords differ.', { action: 'Run this again.' })
  return first
}

/** Asks a yes-or-no question; no is the default. Without a terminal: CliError, exit code 2. */
export async function confirm(context: Context, question: string): Promise<boolean> {
  if (!context.input.isTTY) {
    throw new CliError('There is no terminal to ask before this.', {
      action: 'Give --yes to do it unasked.',
      exitCode: EXIT.usage,
    })
  }
  context.errors.write(`${question} [y/N] `)
  return /^y(es)?$/i.test((await firstLineOf(context.input)).trim())
}

/** One line per prompt from a terminal in raw mode: nothing is echoed, so nothing stays on the screen. */
function askHidden({ input, errors }: Context, prompts: readonly string[]): Promise<string[]> {
  const decoder = new StringDecoder('utf8')
  const done: string[] = []
  let typed = ''
  return new Promise<string[]>((resolve, reject) => {
    const take = (key: string): void => {
      if (done.length === prompts.length) return
      if (key === '\u0003') reject(new CliError('Stopped; nothing was changed.', { exitCode: INTERRUPTED }))
      else if (key === '\r' || key === '\n' || key === '\u0004') {
        done.push(typed)
        typed = ''
        errors.write(`\n${prompts[done.length] ?? ''}`)
        if (done.length === prompts.length) resolve(done)
      } else if (key === '\u007f' || key === '\b') typed = [...typed].slice(0, -1).join('')
      else if (key === '\u0015') typed = ''
      else if (key >= ' ') typed += key
    }
    // Raw mode first: what is typed on seeing the prompt must not be echoed.
    input.setRawMode?.(true)
    errors.write(prompts[0] ?? '')
    input.on('data', (chunk: Buffer) => {
      for (const key of decoder.write(chunk)) take(key)
    })
    input.on('end', () => reject(new CliError('The terminal closed before the password was typed.')))
  }).finally(() => {
    input.removeAllListeners('data').removeAllListeners('end')
    input.setRawMode?.(false)
    input.pause()
  })
}
