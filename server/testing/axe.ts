import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

// Scripts of the page are texts: the types of this room know no document.
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const FINDINGS = `axe.run(document, { rules: { 'target-size': { enabled: true } } }).then(({ violations }) =>
  violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => id + ': ' + help + ': ' + html.slice(0, 160))))`

/** What axe finds wrong on the page as it stands: WCAG 2.0–2.2 A and AA and axe's best practices. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE)
  return (await page.evaluate(FINDINGS)) as readonly string[]
}
