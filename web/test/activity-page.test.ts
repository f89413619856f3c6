import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { TOUR_VIEWPORT, takePicture } from '../../server/testing/pictures.ts'
import type { Script } from './fixture-server.ts'
import { RUNNING, someActivity } from './sample-sessions.ts'
import { HEALTHY } from './sample-states.ts'
import { Visits } from './visits.ts'

const visits = new Visits()

async function visit(script: Partial<Script>): Promise<Page> {
  const page = await visits.open('/settings/managed-credentials', script)
  await page.getByRole('link', { name: 'Activity' }).click()
  return page
}

const row = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) })

describe('the activity page', () => {
  it('is the second tab, and tells by day what happened, newest first, in local time', async () => {
    const page = await visit({ integrations: HEALTHY, sessions: RUNNING, activity: someActivity })
    const today = page.getByRole('region', { name: 'Today' })
    await today.getByText('VS Code “analysis” used Box API Access 1,240 times').waitFor()
    expect(await today.getByRole('listitem').first().textContent()).toContain('09:02–13:41')
    expect(await today.getByRole('listitem').nth(1).textContent()).toMatch(/^09:01Command/)
    await today.getByText('first use from 10.0.0.7').waitFor()
    expect(await today.getByRole('img', { name: 'Look twice:' }).count()).toBe(2)
    const yesterday = page.getByRole('region', { name: 'Yesterday' })
    await yesterday.getByText('Signed in to Box API Access').waitFor()
    await yesterday.getByText('More happened on this day').waitFor()
    expect(await page.getByRole('region', { name: 'Thursday' }).count()).toBe(0)
  })

  it('goes back week by week, each asked for by its local midnights', async () => {
    const asked: (readonly string[])[] = []
    const activity: Script['activity'] = (days) => {
      asked.push(days)
      return { ...someActivity(days), days: days.map((startsAt) => ({ startsAt, lines: [], isCut: false })) }
    }
    const page = await visit({ sessions: RUNNING, activity })
    await page.getByText('Nothing happened in the last 7 days.').waitFor()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await page.getByText('Nothing happened in the 7 days before.').waitFor()
    const [week, before] = [asked[0], asked.at(-1)]
    expect(week?.[0]).toBe(new Date(2026, 10, 21).toISOString())
    expect(before?.[0]).toBe(new Date(2026, 10, 14).toISOString())
    expect(before).toHaveLength(7)
  })

  it('shows which running sessions had tokens, of what and where, and ends one', async () => {
    const page = await visit({ sessions: RUNNING, activity: someActivity })
    await row(page, 'analysis').getByText('Box API Access, GitHub · 1,240 times').waitFor()
    await row(page, 'analysis').getByText('last 3 min ago, on this server, from 10.0.0.7').waitFor()
    expect(await row(page, 'quarterly report').count()).toBe(0)
    await page.setViewportSize(TOUR_VIEWPORT)
    await takePicture(page, 'docs/tour.md', 'tour-activity')
    await page.getByRole('button', { name: 'End analysis', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'End analysis?' })
    visits.server.script.activity = (days) => ({ ...someActivity(days), live: [] })
    await dialog.getByRole('button', { name: 'End', exact: true }).click()
    await page.getByText('No session that runs has had a token of yours.').waitFor()
    expect(visits.server.posted.map(({ path }) => path)).toEqual(['/api/sessions/session-1/end'])
  })

  it('changes when a session does', async () => {
    const page = await visit({ sessions: RUNNING, activity: (days) => ({ ...someActivity(days), live: [] }) })
    await page.getByText('No session that runs has had a token of yours.').waitFor()
    await expect.poll(() => visits.server.listeners).toBe(1)
    visits.server.script.activity = someActivity
    visits.server.emit('sessions')
    await row(page, 'analysis').waitFor()
  })
})

describe('Sign out everywhere', () => {
  it('names all that is lost, asks, and tells what it did', async () => {
    const page = await visit({ sessions: RUNNING, activity: someActivity })
    await page.getByRole('button', { name: 'Sign out everywhere' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sign out everywhere?' })
    await dialog.getByText('You stay logged in here.').waitFor()
    expect(await dialog.getByRole('listitem').allTextContents()).toEqual([
      '4 sessions end, and what is not saved in a file is lost.',
      '1 other browser is logged out.',
      '3 sign-ins are deleted, and the services are asked to revoke the tokens.',
    ])
    visits.server.script.posts['/api/sign-out-everywhere'] = { status: 200, body: { browsers: 1, sessions: 4, signIns: 3 } }
    await dialog.getByRole('button', { name: 'Sign out everywhere' }).click()
    await page
      .getByRole('status')
      .getByText('Signed out everywhere: 4 sessions ended, 1 other browser logged out, 3 sign-ins deleted.')
      .waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  it('says that there is nothing to lose, and what kept it from being done', async () => {
    const page = await visit({ sessions: RUNNING })
    await page.getByRole('button', { name: 'Sign out everywhere' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('There is nothing to end').waitFor()
    const message = 'Benchkey’s own database does not answer. Try again in a minute.'
    visits.server.script.posts['/api/sign-out-everywhere'] = {
      status: 503,
      body: { error: { code: 'database_unavailable', message } },
    }
    await dialog.getByRole('button', { name: 'Sign out everywhere' }).click()
    await dialog.getByRole('alert').getByText(message).waitFor()
  })
})
