import type { PageDevice } from '@benchkey/sdk/pages'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { TOUR_VIEWPORT, takePicture } from '../../server/testing/pictures.ts'
import type { Script } from './fixture-server.ts'
import { Visits } from './visits.ts'

const WAITING: PageDevice = {
  ...{ code: 'WDJB-MJHT', host: 'laptop', address: '192.0.2.7', isSameAddress: true },
  ...{ startedAt: '2026-11-23T11:59:10Z', lifeSeconds: 43_200 },
}
const FOUND = { '/api/device': { status: 200, body: WAITING } }

const visits = new Visits()

const visit = (path: string, script: Partial<Script>): Promise<Page> => visits.open(path, script, { basePath: '/bench' })

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

describe('/device', () => {
  it('fills the code of its address in after the login, and asks nothing by itself', async () => {
    const page = await visit('/device?code=WDJB-MJHT', { loggedIn: false, posts: FOUND })
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password').fill('right')
    await press(page, 'Log in')
    await page.getByLabel('Code').waitFor()
    expect(await page.getByLabel('Code').inputValue()).toBe('WDJB-MJHT')
    expect(visits.server.posted.map(({ path }) => path)).toEqual(['/api/login'])
  })

  it('shows what asks and what it would get, and approves by a button of its own', async () => {
    const approved = { '/api/device/approve': { status: 200, body: WAITING } }
    const page = await visit('/device', { posts: { ...FOUND, ...approved } })
    await page.getByLabel('Code').fill('wdjbmjht')
    await press(page, 'Continue')
    await page.getByText('Access tokens of all your integrations, for 12 hours').waitFor()
    const text = await page.getByRole('main').innerText()
    for (const fact of ['WDJB-MJHT', 'laptop', '192.0.2.7, as this browser does']) expect(text).toContain(fact)
    expect(text).toContain('Approve only if you started this yourself just now on that host, and it shows this code.')
    expect(text).not.toContain('another address')
    await page.setViewportSize(TOUR_VIEWPORT)
    await takePicture(page, 'docs/tour.md', 'tour-device')
    await press(page, 'Approve')
    await page.getByText('Approved. The terminal on laptop is logged in within seconds.').waitFor()
    expect(visits.server.posted.map(({ path, body }) => [path, body])).toEqual([
      ['/api/device', { code: 'wdjbmjht' }],
      ['/api/device/approve', { code: 'WDJB-MJHT' }],
    ])
  })

  it('warns of a terminal at another address, and denies it', async () => {
    const body = { ...WAITING, address: '203.0.113.9', isSameAddress: false }
    const page = await visit('/device?code=WDJB-MJHT', {
      posts: { '/api/device': { status: 200, body }, '/api/device/deny': { status: 200, body } },
    })
    await press(page, 'Continue')
    await page.getByText('It asks from another address than this browser.').waitFor()
    await press(page, 'Deny')
    await page.getByText('Denied. The terminal on laptop gets nothing.').waitFor()
  })

  it('says that no terminal waits with a code, and lets another be typed', async () => {
    const message = 'No terminal waits with this code.'
    const page = await visit('/device?code=%22onload', {
      posts: { '/api/device': { status: 400, body: { error: { code: 'bad_request', message } } } },
    })
    expect(await page.getByLabel('Code').inputValue()).toBe('')
    await page.getByLabel('Code').fill('BBBB-BBBB')
    await press(page, 'Continue')
    await page.getByRole('alert').getByText(message).waitFor()
    expect(await page.getByLabel('Code').isEditable()).toBe(true)
  })
})
