import type { PageDevice } from '@benchkey/sdk/pages'
import type { Page } from 'playwright-core'
import { APPLICATIONS, EVERY_SESSION, FORTY_SESSIONS, muchActivity, RUNNING, someActivity } from './sample-sessions.ts'
import { EVERY_STATE, FORTY, HEALTHY, ONE_PROBLEM, PROBLEM } from './sample-states.ts'
import { lookAt, type Scene } from './scenes.ts'

const SETTINGS = '/settings/managed-credentials'

const heading = (name: string | RegExp) => (page: Page) => page.getByRole('heading', { name }).first().waitFor()
const listed = async (page: Page) => {
  await page.getByRole('button', { name: 'ada' }).waitFor()
  await page.getByRole('listitem').first().waitFor()
}

const ELSEWHERE: PageDevice = {
  ...{
    code: 'WDJB-MJHT',
    host: 'a-host-with-a-long-name-0123456789.research.corp.example',
    address: '2001:db8:85a3::8a2e:370:7334',
  },
  ...{ isSameAddress: false, startedAt: '2026-11-23T11:59:10Z', lifeSeconds: 43_200 },
}

const LOG_LINES = Array.from(
  { length: 60 },
  (_, line) =>
    `[I ${line}] jupyter_server.extension_that_has_a_long_name | extension was found, linked and enabled in ${line} ms`,
)

const SCENES: Readonly<Record<string, Scene>> = {
  'home-running': { path: '/', script: { sessions: RUNNING }, reach: listed },
  'home-every-state': {
    path: '/',
    script: { integrations: ONE_PROBLEM, sessions: EVERY_SESSION },
    reach: async (page) => {
      await page.getByText('1 sign-in needs you').waitFor()
      await page.getByText('1 ended in the last 24 hours').click()
      await page.getByRole('heading', { name: 'yesterday' }).waitFor()
    },
  },
  'home-forty-long': { path: '/', script: { sessions: FORTY_SESSIONS }, reach: listed },
  'home-empty': {
    path: '/',
    script: { sessions: { sessions: [], applications: APPLICATIONS } },
    reach: (page) => page.getByText('Nothing is running.').waitFor(),
  },
  'device-code': { path: '/device?code=WDJB-MJHT', script: {}, reach: (page) => page.getByLabel('Code').waitFor() },
  'device-question': {
    path: '/device?code=WDJB-MJHT',
    script: { posts: { '/api/device': { status: 200, body: ELSEWHERE } } },
    reach: async (page) => {
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('button', { name: 'Approve' }).waitFor()
    },
  },
  'home-menu': {
    path: '/',
    script: { sessions: RUNNING },
    reach: async (page) => {
      await page.getByRole('button', { name: 'More about analysis' }).click()
      await page.getByRole('menuitem', { name: 'End' }).waitFor()
    },
  },
  activity: {
    path: '/settings/activity',
    script: { sessions: RUNNING, activity: someActivity },
    reach: (page) => page.getByText('Logged in from 10.0.0.7').waitFor(),
  },
  'activity-forty-long': {
    path: '/settings/activity',
    script: { sessions: RUNNING, activity: muchActivity },
    reach: (page) => page.getByText('warehouse_39').waitFor(),
  },
  'activity-empty': {
    path: '/settings/activity',
    script: {},
    reach: (page) => page.getByText('Nothing happened in the last 7 days.').waitFor(),
  },
  'sign-out-everywhere-dialog': {
    path: '/settings/activity',
    script: { sessions: RUNNING, activity: someActivity },
    reach: async (page) => {
      await page.getByRole('button', { name: 'Sign out everywhere' }).click()
      await page.getByRole('dialog', { name: 'Sign out everywhere?' }).waitFor()
    },
  },
  'new-session-dialog': {
    path: '/?new=',
    script: { integrations: HEALTHY, sessions: RUNNING },
    reach: async (page) => {
      await page.getByRole('radio', { name: 'Jupyter' }).check()
      await page.getByRole('checkbox', { name: 'GitHub' }).waitFor()
    },
  },
  'session-log-dialog': {
    path: '/?log=session-8',
    script: { sessions: EVERY_SESSION, log: { lines: LOG_LINES } },
    reach: (page) => page.getByRole('button', { name: 'Copy log' }).waitFor(),
  },
  'end-session-dialog': {
    path: '/',
    script: { sessions: RUNNING },
    reach: async (page) => {
      await page.getByRole('button', { name: 'More about analysis' }).click()
      await page.getByRole('menuitem', { name: 'End' }).click()
      await page.getByRole('dialog', { name: 'End analysis?' }).waitFor()
    },
  },
  'settings-healthy': { path: SETTINGS, script: { integrations: HEALTHY }, reach: listed },
  'settings-one-problem': { path: SETTINGS, script: { integrations: ONE_PROBLEM }, reach: listed },
  'settings-every-state': { path: SETTINGS, script: { integrations: EVERY_STATE }, reach: listed },
  'settings-forty-long': { path: SETTINGS, script: { integrations: FORTY }, reach: listed },
  'settings-empty': { path: SETTINGS, script: {}, reach: (page) => page.getByText('No integrations yet.').waitFor() },
  'settings-empty-admin': {
    path: SETTINGS,
    script: { isAdmin: true },
    reach: (page) => page.getByRole('button', { name: 'Copy redirect URI' }).waitFor(),
  },
  'settings-menu': {
    path: SETTINGS,
    script: { integrations: HEALTHY },
    reach: async (page) => {
      await page.getByRole('button', { name: 'ada' }).click()
      await page.getByRole('menuitem', { name: 'Settings' }).waitFor()
    },
  },
  'info-dialog': {
    path: SETTINGS,
    script: { integrations: HEALTHY },
    reach: async (page) => {
      await page.getByRole('button', { name: 'Info about Box API Access' }).click()
      await page.getByRole('heading', { name: 'Configuration' }).waitFor()
    },
  },
  'info-dialog-kept': {
    path: `${SETTINGS}?info=box-integration`,
    script: {
      integrations: ONE_PROBLEM,
      details: (integration) => ({
        ...integration,
        configuration: {
          clientId: 'your-box-client-id',
          authorizationUrl: 'https://account.box.com/api/oauth2/authorize',
          tokenUrl: 'https://account.box.com/api/oauth2/token',
          scopes: [],
          issuer: 'https://account.box.com',
        },
        signIn: {
          since: '2026-10-02T09:15:00.000Z',
          renewals: 1,
          notGranted: [],
          hasRefreshToken: true,
          canTryAgain: true,
        },
        runningSessions: 0,
        asksWhichAccount: true,
        revocation: {
          state: 'waiting',
          since: '2026-11-21T09:15:00.000Z',
          words: 'account.box.com has not confirmed the revocation (answered 503); Benchkey keeps trying.',
        },
        snippets: [],
      }),
    },
    reach: (page) => page.getByRole('button', { name: 'Try again' }).waitFor(),
  },
  'sign-out-dialog': {
    path: SETTINGS,
    script: { integrations: HEALTHY },
    reach: async (page) => {
      await page.getByRole('button', { name: 'Sign out of Box API Access' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  'keys-dialog': {
    path: SETTINGS,
    script: { integrations: HEALTHY },
    reach: async (page) => {
      await listed(page)
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    },
  },
  login: { path: '/login', script: { loggedIn: false }, reach: heading('Benchkey at Example') },
  'login-refused': {
    path: '/login?next=%2Fsign-in%2Fbox-integration',
    script: {
      loggedIn: false,
      posts: {
        '/api/login': { status: 401, body: { error: { code: 'refused', message: 'User name or password is not right.' } } },
      },
    },
    reach: async (page) => {
      await page.getByLabel('User name').fill('ada')
      await page.getByLabel('Password').fill('wrong')
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByText('User name or password is not right.').waitFor()
    },
  },
  'sign-in': {
    path: '/sign-in/google',
    script: { integrations: HEALTHY },
    reach: async (page) => {
      await page.getByRole('button', { name: 'Sign in to Google Drive' }).waitFor()
      await page.getByText('offline_access').waitFor()
    },
  },
  'sign-in-waiting': {
    path: '/sign-in/zoom',
    script: { integrations: EVERY_STATE },
    reach: (page) => page.getByText('Waiting for zoom.us').waitFor(),
  },
  'sign-in-done': {
    path: '/sign-in/box-integration/done',
    script: { integrations: HEALTHY },
    reach: (page) => page.getByText('You can close this tab').waitFor(),
  },
  'sign-in-unknown': { path: '/sign-in/nothing', script: { integrations: HEALTHY }, reach: heading('Unknown integration') },
  'callback-problem': {
    path: '/oauth_redirect_callback?code=c&state=s',
    script: { problem: PROBLEM },
    reach: heading(/You did not/),
  },
  'not-found': { path: '/nowhere', script: {}, reach: heading('There is no page at this address') },
}

lookAt(SCENES)
