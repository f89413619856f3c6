/** The part of oidc-provider 9 that the authorization server of the tests uses; the package brings no types. */
declare module 'oidc-provider' {
  import type { EventEmitter } from 'node:events'
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface Adapter {
    upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void>
    find(id: string): Promise<AdapterPayload | undefined>
    findByUid(uid: string): Promise<AdapterPayload | undefined>
    findByUserCode(userCode: string): Promise<AdapterPayload | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }

  export interface AdapterPayload {
    grantId?: string
    uid?: string
    userCode?: string
    consumed?: number
    [member: string]: unknown
  }

  export interface Interaction {
    uid: string
    params: Record<string, string | undefined>
    prompt: { name: string; reasons: string[] }
  }

  export interface Grant {
    addOIDCScope(scope: string): void
    save(): Promise<string>
  }

  export interface AccessToken {
    accountId: string
    clientId: string
    scope?: string
    exp: number
    readonly isValid: boolean
  }

  export interface RequestContext {
    status: number
    oidc: {
      params: Record<string, string | undefined> | undefined
      client: { clientId: string } | undefined
    }
  }

  export class Provider extends EventEmitter {
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly issuer: string
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionResult(request: IncomingMessage, response: ServerResponse, result: Record<string, unknown>): Promise<string>
    readonly Grant: new (of: {
      accountId: string
      clientId: string
    }) => Grant
    readonly AccessToken: { find(value: string): Promise<AccessToken | undefined> }
  }
}
