import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

/**
 * Preloaded (`node --import`) into a process whose start is looked at: writes what was loaded after it, files of the checkout and
 * modules of Node's own, as JSON into the file that RECORD_MODULES names.
 */
const files: string[] = []
const before = new Set(loadedByNode())

registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) files.push(url)
    return next(url, context)
  },
})

process.on('exit', () => {
  const own = loadedByNode().filter((each) => !before.has(each))
  writeFileSync(process.env.RECORD_MODULES ?? '', JSON.stringify({ files, own }))
})

function loadedByNode(): readonly string[] {
  return Reflect.get(process, 'moduleLoadList') as readonly string[]
}
