import { createServer } from 'node:net'
import { Trouble } from './trouble.ts'

/** Throws Trouble, ending in the advice, when a program cannot listen on this port of 127.0.0.1. */
export async function checkPort(port: number, advice: string): Promise<void> {
  try {
    await listenOnce(port)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') throw new Trouble(`Port ${port} is taken: stop the program that uses it, or ${advice}`)
    if (code === 'EACCES') throw new Trouble(`Port ${port} needs more rights than this account has: ${advice}`)
    throw error
  }
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return listenOnce(0)
}

function listenOnce(port: number): Promise<number> {
  const probe = createServer()
  return new Promise((answer, reject) => {
    probe.once('error', reject)
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => answer(address !== null && typeof address === 'object' ? address.port : port))
    })
  })
}
