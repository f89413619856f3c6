import { findBrokenLinks, findUnmarked } from '../docs.ts'
import type { Check } from './check.ts'
import { projectFiles } from './files.ts'

/** Every block of code in the documentation is run by the tests or says why not, and its links lead somewhere. */
export const documentation: Check = {
  name: 'documentation',
  run: async (root) =>
    projectFiles(root)
      .filter(({ path }) => /^(?:[^/]+|docs\/.*|sdk\/[^/]+\/README)\.md$/.test(path))
      .flatMap(({ path, text }) => [...findUnmarked(path, text), ...findBrokenLinks(root, path, text)]),
}
