import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PageProblem } from '@benchkey/sdk/pages'

/** Where the built page wants what the server tells it. */
const BASE_MARK = '<!--benchkey-base-->'
const DATA_MARK = '<!--benchkey-page-->'

/** Stands in until the pages are built; the doors for programs work without them. */
const NOT_BUILT = `<!doctype html><html lang="en"><head><meta charset="utf-8">${BASE_MARK}<title>Benchkey</title>${DATA_MARK}</head><body><h1>The pages of Benchkey are not built</h1><p>Run: npm run build</p></body></html>`

/** The single page of the browser door: `index.html` of the built pages plus what the server tells them. */
export class IndexPage {
  readonly #beforeData: string
  readonly #afterData: string
  readonly #facts: { readonly basePath: string; readonly serverName: string }
  readonly isBuilt: boolean

  /** `webRoot`: the folder that holds index.html and assets/. Throws when its index.html lacks one of the two marks. */
  constructor(webRoot: string, basePath: string, serverName: string) {
    const html = readIfThere(join(webRoot, 'index.html'))
    this.isBuilt = html !== undefined
    const [beforeBase, beforeData, afterData] = (html ?? NOT_BUILT).split(new RegExp(`${BASE_MARK}|${DATA_MARK}`))
    if (beforeBase === undefined || beforeData === undefined || afterData === undefined) {
      throw new Error(`${join(webRoot, 'index.html')} lacks ${BASE_MARK} or, after it, ${DATA_MARK}`)
    }
    this.#beforeData = `${beforeBase}<base href="${escapeAttribute(`${basePath}/`)}">${beforeData}`
    this.#afterData = afterData
    this.#facts = { basePath, serverName }
  }

  /** The page as HTML; `problem` is what it shows instead of what its path would. */
  render(problem?: PageProblem): string {
    const facts = JSON.stringify(problem ? { ...this.#facts, problem } : this.#facts)
    const data = facts.replaceAll('<', '\\u003c')
    return `${this.#beforeData}<script type="application/json" id="benchkey-page">${data}</script>${this.#afterData}`
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
