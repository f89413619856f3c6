import { describe, expect, it } from 'vitest'
import { type ActivityEvent, activityWords, firstUseWords, kindOfSession, SHOWN_ACTIONS, useWords } from './activity-words.ts'

const event = (action: string, more: Partial<ActivityEvent> = {}): ActivityEvent => ({ action, outcome: 'ok', ...more })

describe('the words of somebody’s activity', () => {
  it('are a short sentence for every action that is shown, and none for others', () => {
    for (const action of SHOWN_ACTIONS) {
      const words = activityWords(event(action, { sessionName: 'x', address: '10.0.0.7', detail: 'by you' }), 'Box')
      expect(words?.text, action).toMatch(/^[A-Z“].*[^.]$/)
      expect(words?.text.length, action).toBeLessThan(120)
    }
    expect(activityWords(event('token.served'), 'Box')).toBeUndefined()
    expect(activityWords(event('configuration.applied'), 'Box')).toBeUndefined()
  })

  it('say where it came from and why, and ask for a second look at what may be somebody else', () => {
    expect(activityWords(event('login.succeeded', { address: '10.0.0.7' }), '')).toEqual({
      text: 'Logged in from 10.0.0.7',
      tone: 'neutral',
    })
    const refused = event('login.refused', { address: '10.0.0.7', detail: 'wrong password' })
    expect(activityWords(refused, '')).toEqual({ text: 'A log-in from 10.0.0.7 was refused: wrong password', tone: 'warn' })
    expect(activityWords({ ...refused, count: 1 }, '')?.text).toMatch(/^One more log-in from 10\.0\.0\.7 was refused: /)
    expect(activityWords({ ...refused, count: 1240 }, '')?.text).toMatch(/^1,240 more log-ins from 10\.0\.0\.7 were refused: /)
    expect(activityWords(event('session.ended', { sessionName: 'R', detail: 'by the end of its command' }), '')?.text).toBe(
      'Session “R” ended, by the end of its command',
    )
    const byService = event('service.session_opened', { sessionName: 'hub', detail: 'service jupyterhub on h until 2026' })
    expect(activityWords(byService, '')?.text).toBe('Service jupyterhub started session “hub” for you')
    const byYou = event('session.ended', { sessionName: 'R', detail: 'Ended by you' })
    expect(activityWords(byYou, '')?.text).toBe('Session “R” ended, by you')
  })

  it('name the account that a sign-in is for, and nothing else of its details', () => {
    const finished = (detail: string) => activityWords(event('sign_in.finished', { detail }), 'Box')?.text
    expect(finished('as ada@box.example')).toBe('Signed in to Box as ada@box.example')
    expect(finished('answered 500; its refresh token is kept')).toBe('Signed in to Box')
  })

  it('count uses as people do', () => {
    const use = { kind: 'VS Code', sessionName: 'analysis' }
    expect(useWords({ ...use, count: 1 }, 'Box')).toBe('VS Code “analysis” used Box once')
    expect(useWords({ ...use, count: 1240 }, 'Box')).toBe('VS Code “analysis” used Box 1,240 times')
  })

  it('mark a first use, and a new address of an old session louder than the first of a new one', () => {
    const first = event('session.first_use', { address: 'local', detail: 'a new session' })
    expect(firstUseWords(first)).toEqual({ text: 'first use by this session, on this server', tone: 'neutral' })
    const other = event('session.first_use', { address: '10.0.0.7', detail: 'a new address' })
    expect(firstUseWords(other)).toEqual({ text: 'first use from 10.0.0.7', tone: 'warn' })
  })

  it('call a session after its service, its application, or its kind', () => {
    const applications = [{ section: 'vscode', displayName: 'VS Code', icon: 'code' }]
    expect(kindOfSession({ kind: 'service', service: 'jupyterhub' }, applications)).toEqual({
      kind: 'jupyterhub',
      icon: 'service',
    })
    expect(kindOfSession({ kind: 'launched', application: 'vscode' }, applications)).toEqual({ kind: 'VS Code', icon: 'code' })
    expect(kindOfSession({ kind: 'launched', application: 'gone' }, applications).kind).toBe('gone')
    expect(kindOfSession({ kind: 'login' }, applications).kind).toBe('Terminal')
  })
})
