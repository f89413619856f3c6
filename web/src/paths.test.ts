import { describe, expect, it } from 'vitest'
import { adminPlaceOf, allowedNext, isServiceUrl, loginPath, ownPath, pagePaths, sectionOf, withoutBase } from './paths.ts'

describe('sectionOf', () => {
  it('reads back every section that signIn() writes, its /done page too', () => {
    for (const section of ['box-integration', 'a.b', 'Ünïcode name', 'a/b', 'a%2Fb', 'what?', '#1']) {
      expect(sectionOf(pagePaths.signIn(section))).toBe(section)
      expect(sectionOf(`${pagePaths.signIn(section)}/done`)).toBe(section)
    }
  })

  it('names no section on other paths or when the escape is broken', () => {
    for (const path of ['/', '/sign-in', '/sign-in/', '/sign-in/a/b', '/sign-in/%E0%A4%A', '/settings', '/sign-in/a?x']) {
      expect(sectionOf(path)).toBeUndefined()
    }
  })
})

describe('allowedNext', () => {
  it('lets the login lead to the pages it names', () => {
    for (const path of [
      '/settings/managed-credentials',
      '/settings/activity',
      '/device',
      '/device?code=WDJB-MJHT',
      '/sign-in/box-integration',
      '/sign-in/a%2Fb/done',
    ]) {
      expect(allowedNext(path)).toBe(path)
    }
  })

  it('leads nowhere else', () => {
    const others = [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      '/sign-in/../api',
      '/api/me',
      '/login',
      'javascript:alert(1)',
      '',
    ]
    for (const path of others) expect(allowedNext(path)).toBeUndefined()
    expect(allowedNext(null)).toBeUndefined()
  })
})

it('of the address of a terminal nothing is kept but a code', () => {
  for (const query of ['code=1234-5678', 'code=%2F%2Fevil.example', 'code=WDJB-MJHT.x', 'next=//evil.example']) {
    expect(allowedNext(`/device?${query}`)).toBe('/device')
  }
  expect(allowedNext('/device?x=1&code=WDJB-MJHT#y')).toBe('/device')
  expect(allowedNext('/device/x')).toBeUndefined()
  expect(loginPath('/device?code=WDJB-MJHT')).toBe('/login?next=%2Fdevice%3Fcode%3DWDJB-MJHT')
})

describe('loginPath', () => {
  it('comes back to a deep link, and says nothing of where one lands anyway', () => {
    expect(loginPath('/sign-in/box-integration')).toBe('/login?next=%2Fsign-in%2Fbox-integration')
    expect(loginPath('/settings/activity')).toBe('/login?next=%2Fsettings%2Factivity')
    expect(loginPath('/')).toBe('/login')
    expect(loginPath('/elsewhere')).toBe('/login')
  })
})

describe('the paths of the Configuration Manager', () => {
  it('name every section, those called as one of its pages too', () => {
    for (const section of ['box-integration', 'add', 'review', 'history', 'section', 'a/b', 'a%2Fb', 'Ünïcode', '#1', '?']) {
      expect(adminPlaceOf(pagePaths.adminIntegration(section))).toEqual({ page: 'section', section })
    }
  })

  it('name its pages', () => {
    expect(adminPlaceOf(pagePaths.adminIntegrations)).toEqual({ page: 'list' })
    expect(adminPlaceOf(pagePaths.adminAddIntegration)).toEqual({ page: 'add' })
    expect(adminPlaceOf(pagePaths.adminReview)).toEqual({ page: 'review' })
    expect(adminPlaceOf(pagePaths.adminHistory)).toEqual({ page: 'history' })
    expect(adminPlaceOf(pagePaths.adminVersion(41))).toEqual({ page: 'version', number: 41 })
    for (const path of ['/admin/integrations/a/b', '/admin/integrations/history/0', '/admin/integrations/%E0%A4%A', '/admin']) {
      expect(adminPlaceOf(path), path).toBeUndefined()
    }
  })

  it('are where a login may lead', () => {
    for (const path of ['/admin/integrations/add', '/admin/integrations/box', '/admin/integrations/section/add']) {
      expect(allowedNext(path)).toBe(path)
    }
    expect(allowedNext('/admin/integrations/history/41')).toBe('/admin/integrations/history/41')
    expect(allowedNext('/admin/integrations/a/b')).toBeUndefined()
  })
})

describe('paths under a base path', () => {
  it('lose it once, and only as a whole segment', () => {
    expect(withoutBase('/bench/login', '/bench')).toBe('/login')
    expect(withoutBase('/benchmark', '/bench')).toBe('/benchmark')
    expect(withoutBase('/login', '')).toBe('/login')
  })

  it('gain it once', () => {
    expect(ownPath('/sign-in/x', '/bench')).toBe('/bench/sign-in/x')
    expect(ownPath('/bench/sign-in/x', '/bench')).toBe('/bench/sign-in/x')
    expect(ownPath('/sign-in/x', '')).toBe('/sign-in/x')
  })

  it('never lead to another host', () => {
    for (const path of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', 'x', '']) {
      expect(ownPath(path, '')).toBeUndefined()
    }
  })
})

describe('isServiceUrl', () => {
  it('takes https, and http on this machine', () => {
    for (const url of ['https://account.box.com/a?b=c', 'http://127.0.0.1:8080/', 'http://localhost/x', 'http://[::1]:1/']) {
      expect(isServiceUrl(url), url).toBe(true)
    }
  })

  it('takes nothing else', () => {
    for (const url of [
      'http://account.box.com/',
      'javascript:alert(1)',
      'data:text/html,x',
      '/relative',
      'http://localhost.evil.example/',
      '',
    ]) {
      expect(isServiceUrl(url), url).toBe(false)
    }
  })
})
