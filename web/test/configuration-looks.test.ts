import type { Page } from 'playwright-core'
import type { Script } from './fixture-server.ts'
import {
  CHANGED,
  CONFIGURATION,
  CONFLICTING,
  FORTY_SECTIONS,
  FORTY_VERSIONS,
  LONG,
  LONG_REVIEW,
  managerScript,
  READ_ONLY,
  WRONG,
} from './sample-configuration.ts'
import { lookAt, type Scene } from './scenes.ts'

const LIST = '/admin/integrations'
const API = '/api/admin/configuration'
const text = (words: string) => (page: Page) => page.getByText(words).first().waitFor()
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const dialog = (page: Page) => page.getByRole('dialog').waitFor()

const withGets = (gets: Record<string, object>, changes: Parameters<typeof managerScript>[0] = {}): Partial<Script> => {
  const script = managerScript(changes)
  return { ...script, gets: { ...script.gets, ...gets } }
}

const SCENES: Readonly<Record<string, Scene>> = {
  'admin-list': { path: LIST, script: managerScript(), reach: text('Salesforce refuses') },
  'admin-list-changed': { path: LIST, script: managerScript({ configuration: CHANGED }), reach: text('3 changes not deployed') },
  'admin-list-deployed': { path: `${LIST}?deployed=42`, script: managerScript(), reach: text('Version 42 is deployed.') },
  'admin-list-read-only': {
    path: LIST,
    script: managerScript({ configuration: { ...CONFIGURATION, readOnly: READ_ONLY } }),
    reach: text('each has a copy of its own'),
  },
  'admin-list-empty': {
    path: LIST,
    script: managerScript({ configuration: { ...CONFIGURATION, integrations: [], nodes: [] } }),
    reach: text('No integrations yet.'),
  },
  'admin-list-forty': { path: LIST, script: managerScript({ configuration: FORTY_SECTIONS }), reach: text('number 39') },
  'admin-list-menu': {
    path: LIST,
    script: managerScript({ configuration: CHANGED }),
    reach: async (page) => {
      await button(page, 'More about Box API Access').click()
      await page.getByRole('menuitem', { name: 'Remove' }).waitFor()
    },
  },
  'admin-list-remove': {
    path: LIST,
    script: managerScript(),
    reach: async (page) => {
      await button(page, 'More about Box API Access').click()
      await page.getByRole('menuitem', { name: 'Remove' }).click()
      await dialog(page)
    },
  },
  'admin-list-server-test': {
    path: LIST,
    script: managerScript(),
    reach: async (page) => {
      await button(page, 'Test this server').click()
      await text('Not all is well with this server.')(page)
    },
  },
  'admin-section': { path: `${LIST}/box-integration`, script: managerScript(), reach: text('More options') },
  'admin-section-option': {
    path: `${LIST}/box-integration`,
    script: managerScript(),
    reach: async (page) => {
      await page.getByLabel('Find an option').fill('secret')
      await page.getByText('Above:').waitFor()
    },
  },
  'admin-section-wrong': {
    path: `${LIST}/box-integration`,
    script: managerScript({ check: WRONG, configuration: CHANGED }),
    reach: async (page) => {
      await page.getByLabel('Token URL').fill('http://api.box.com/oauth2/token')
      await text('is not a whole https URL')(page)
      await button(page, 'Test Box API Access').click()
      await text('api.box.com refuses the client')(page)
    },
  },
  'admin-section-removed': {
    path: `${LIST}/salesforce`,
    script: managerScript({ configuration: CHANGED }),
    reach: (page) => button(page, 'Undo the removal').waitFor(),
  },
  'admin-section-long': {
    path: `${LIST}/${LONG.section}`,
    script: withGets({ [`${API}/sections/${LONG.section}`]: LONG }, { configuration: FORTY_SECTIONS }),
    reach: text('More options'),
  },
  'admin-section-leave': {
    path: `${LIST}/box-integration`,
    script: managerScript(),
    reach: async (page) => {
      await page.getByLabel('Client ID').fill('another')
      await page.getByRole('link', { name: 'Users' }).click()
      await dialog(page)
    },
  },
  'admin-section-read-only': {
    path: `${LIST}/box-integration`,
    script: managerScript({ configuration: { ...CONFIGURATION, readOnly: READ_ONLY } }),
    reach: text('Nothing can be changed here'),
  },
  'admin-add-presets': { path: `${LIST}/add`, script: managerScript(), reach: text('Another service') },
  'admin-add-register': { path: `${LIST}/add?preset=box`, script: managerScript(), reach: text('Peculiar there') },
  'admin-add-blank': {
    path: `${LIST}/add?preset=none`,
    script: managerScript(),
    reach: text('Register Benchkey at the service'),
  },
  'admin-add-paste': { path: `${LIST}/add?preset=box&step=2`, script: managerScript(), reach: text('What Box gave you') },
  'admin-add-test': {
    path: `${LIST}/add?section=box-integration&step=3`,
    script: managerScript(),
    reach: async (page) => {
      await button(page, 'Test Box API Access').click()
      await text('api.box.com refuses the client')(page)
    },
  },
  'admin-review': { path: `${LIST}/review`, script: managerScript(), reach: text('What it costs') },
  'admin-review-conflict': { path: `${LIST}/review`, script: managerScript({ review: CONFLICTING }), reach: text('2 conflicts') },
  'admin-review-long': { path: `${LIST}/review`, script: managerScript({ review: LONG_REVIEW }), reach: text('What it costs') },
  'admin-history-forty': {
    path: `${LIST}/history`,
    script: withGets({ [`${API}/versions`]: FORTY_VERSIONS }),
    reach: text('Version 40'),
  },
  'admin-history': { path: `${LIST}/history`, script: managerScript(), reach: text('In force') },
  'admin-version': { path: `${LIST}/history/41`, script: managerScript(), reach: text('Roll back') },
}

lookAt(SCENES)
