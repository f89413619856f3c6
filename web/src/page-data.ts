import type { PageProblem } from '@benchkey/sdk/pages'

/** What the server writes into the page it answers (`#benchkey-page`). */
export interface PageData {
  /** Path of the public URL, without a trailing slash; '' at the root. */
  readonly basePath: string
  readonly serverName: string
  readonly problem?: PageProblem
}

/** Reads the server's data out of the document; a page opened without it works at the root. */
function readPageData(document: Document): PageData {
  const text = document.getElementById('benchkey-page')?.textContent
  const data = (text ? JSON.parse(text) : {}) as Partial<PageData>
  return {
    basePath: (data.basePath ?? '').replace(/\/+$/, ''),
    serverName: data.serverName ?? 'Benchkey',
    ...(data.problem ? { problem: data.problem } : {}),
  }
}

/** The data of this page load. */
export const pageData = readPageData(document)
