import { expect, test } from 'vitest'
import { LiveChanges } from './live-changes.ts'

test('a change reaches the pages of its user only, until they close', () => {
  const changes = new LiveChanges()
  const heard: string[] = []
  const endFirst = changes.subscribe('ann', (change) => heard.push(`first ${change}`))
  const endSecond = changes.subscribe('ann', (change) => heard.push(`second ${change}`))
  changes.subscribe('eve', (change) => heard.push(`eve ${change}`))
  changes.publish('ann', 'integrations')
  expect(heard.splice(0)).toEqual(['first integrations', 'second integrations'])
  endFirst()
  endFirst()
  changes.publish('ann', 'logged_out')
  expect(heard.splice(0)).toEqual(['second logged_out'])
  endSecond()
  changes.publish('ann', 'logged_out')
  expect(heard).toEqual([])
  changes.publishToAll('integrations')
  expect(heard).toEqual(['eve integrations'])
})

test('a page that closes while a change is told does not keep others from hearing it', () => {
  const changes = new LiveChanges()
  const heard: string[] = []
  const end = changes.subscribe('ann', () => end())
  changes.subscribe('ann', (change) => heard.push(change))
  changes.publish('ann', 'integrations')
  expect(heard).toEqual(['integrations'])
})
