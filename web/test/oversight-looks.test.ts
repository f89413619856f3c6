import type { Page } from 'playwright-core'
import { AUDIT, FORTY_ADMIN_SESSIONS, listed, MANY_USERS, MUCH_AUDIT, oversightScript, UNWELL, WELL } from './sample-oversight.ts'
import { lookAt, type Scene } from './scenes.ts'

const text = (words: string) => (page: Page) => page.getByText(words).first().waitFor()
const REFUSAL = { status: 403, body: { error: { code: 'recent_login_needed', message: 'Type your password again.' } } } as const

const SCENES: Readonly<Record<string, Scene>> = {
  'admin-dashboard': { path: '/admin', script: oversightScript(), reach: text('Everything is working.') },
  'admin-dashboard-unwell': { path: '/admin', script: oversightScript({ overview: UNWELL }), reach: text('2 things need you') },
  'admin-dashboard-empty': {
    path: '/admin',
    script: oversightScript({ overview: { ...WELL, integrations: [] } }),
    reach: text('No integrations yet.'),
  },
  'admin-users': { path: '/admin/users', script: oversightScript(), reach: text('Locked since') },
  'admin-users-many': {
    path: '/admin/users',
    script: oversightScript({ users: listed('users', MANY_USERS) }),
    reach: text('example39'),
  },
  'admin-user': { path: '/admin/users/ada', script: oversightScript(), reach: text('as ada@example.com') },
  'admin-user-lock': {
    path: '/admin/users/ada',
    script: oversightScript(),
    reach: async (page) => {
      await page.getByRole('button', { name: 'Lock', exact: true }).click()
      await page.getByRole('dialog', { name: 'Lock ada?' }).waitFor()
    },
  },
  'admin-user-password': {
    path: '/admin/users/ada',
    script: { ...oversightScript(), posts: { '/api/admin/users/ada/lock': REFUSAL } },
    reach: async (page) => {
      await page.getByRole('button', { name: 'Lock', exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Lock' }).click()
      await page.getByRole('dialog', { name: 'Type your password again' }).waitFor()
    },
  },
  'admin-sessions': { path: '/admin/sessions', script: oversightScript(), reach: text('Unreachable') },
  'admin-sessions-forty': {
    path: '/admin/sessions',
    script: oversightScript({ sessions: listed('sessions', FORTY_ADMIN_SESSIONS) }),
    reach: text('number 39'),
  },
  'admin-sessions-empty': {
    path: '/admin/sessions',
    script: oversightScript({ sessions: listed('sessions', []) }),
    reach: text('No session is running.'),
  },
  'admin-audit': { path: '/admin/audit?user=ada', script: oversightScript(), reach: text('wrong password') },
  'admin-audit-much': { path: '/admin/audit', script: oversightScript({ audit: MUCH_AUDIT }), reach: text('example 99') },
  'admin-audit-empty': {
    path: '/admin/audit',
    script: oversightScript({ audit: { entries: [], actions: AUDIT.actions } }),
    reach: text('Nothing was found.'),
  },
  'admin-for-others': { path: '/admin', script: { isAdmin: false }, reach: text('Only administrators see this page') },
}

lookAt(SCENES)
