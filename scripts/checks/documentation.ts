import { findBrokenLinks, findUnmarked } from '../docs.ts'
import { findUnexplained } from '../examples.ts'
import type { Check } from './check.ts'
import { projectFiles } from './files.ts'

/** Pages whose blocks are run and whose links are followed. */
const PAGE = /^(?:[^/]+|docs\/.*|examples\/README|sdk\/[^/]+\/README)\.md$/

/** Every block of code and every example is run by the tests or says why not, and links lead somewhere. */
export const documentation: Check = {
  name: 'documentation',
  run: async (root) => {
    const files = projectFiles(root)
    const pages = files.filter(({ path }) => PAGE.test(path))
    const ofPages = pages.flatMap(({ path, text }) => [...findUnmarked(path, text), ...findBrokenLinks(root, path, text)])
    return [...ofPages, ...findUnexplained(files)]
  },
}
