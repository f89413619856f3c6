import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const checkout = resolve(import.meta.dirname, '../..')
const PICTURE_LIMIT_BYTES = 100_000

/** How large the pages are in the pictures of `docs/tour.md`. */
export const TOUR_VIEWPORT = { width: 1000, height: 620 } as const

/** New pictures are wanted, also of what has one. */
export const updatesPictures = process.env.UPDATE_SCREENSHOTS === '1'

/**
 * Takes a picture that the page of documentation (`README.md`, `docs/tour.md`) shows, and keeps it in `docs/images/` where there is
 * none yet or new ones are wanted. The one of now lies in `test-output/images/`.
 */
export async function takePicture(page: Page, shownIn: string, name: string): Promise<void> {
  const images = shownIn.startsWith('docs/') ? 'images' : 'docs/images'
  expect(readFileSync(join(checkout, shownIn), 'utf8')).toContain(`(${images}/${name}.png)`)
  const taken = await page.screenshot({ animations: 'disabled' })
  expect(taken.length).toBeLessThan(PICTURE_LIMIT_BYTES)
  const scratch = join(checkout, 'test-output/images')
  mkdirSync(scratch, { recursive: true })
  writeFileSync(join(scratch, `${name}.png`), taken)
  const file = join(checkout, 'docs/images', `${name}.png`)
  if (updatesPictures || !existsSync(file)) writeFileSync(file, taken)
  expect(readFileSync(file).length).toBeLessThan(PICTURE_LIMIT_BYTES)
}
