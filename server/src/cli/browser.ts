import { spawn } from 'node:child_process'
import type { Context } from './command.ts'

/**
 * Opens a page in the browser of whoever sits here; false when there is none to be started. `BROWSER` lists commands, divided
 * by colons, with `%s` where the address belongs; else `xdg-open` where there is a desktop.
 */
export async function openInBrowser(url: string, context: Pick<Context, 'environment' | 'asCaller'>): Promise<boolean> {
  const { environment } = context
  const commands = (environment.BROWSER ?? '').split(':').filter((each) => each.trim() !== '')
  if (environment.DISPLAY || environment.WAYLAND_DISPLAY) commands.push('xdg-open')
  for (const command of commands) {
    if (await starts(wordsOf(command, url), context)) return true
  }
  return false
}

function wordsOf(command: string, url: string): readonly string[] {
  const words = command.trim().split(/\s+/)
  return command.includes('%s') ? words.map((word) => word.replaceAll('%s', url)) : [...words, url]
}

/** It goes its own way: neither our end nor our terminal concerns it. */
function starts([program = '', ...args]: readonly string[], { environment, asCaller }: Parameters<typeof openInBrowser>[1]) {
  return new Promise<boolean>((resolve) => {
    const child = asCaller(() => spawn(program, args, { detached: true, stdio: 'ignore', env: environment }))
    child.once('error', () => resolve(false)) // Not there: the next one, or the link on the terminal.
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
