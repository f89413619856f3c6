import type { Selectable } from 'kysely'
import type { Extra, TokenSecrets } from '../domain/stored-token.ts'
import { ifSet } from './database.ts'
import type { Cipher, Place } from './encryption.ts'
import type { Oauth2TokenSecretsTable } from './schema.ts'
import { StoreError } from './store.ts'

/** What a token's ciphertexts are bound to. */
export interface TokenIdentity {
  readonly id: string
  readonly user_id: string
  readonly integration_id: string
  readonly generation: number
}

/** The columns of a row of `oauth2_token_secrets` that hold ciphertexts. */
export type SecretColumns = Pick<Selectable<Oauth2TokenSecretsTable>, 'access_token' | 'refresh_token' | 'id_token' | 'extra'>

/** Encrypts for one row and generation, under the primary key. */
export function sealSecrets(cipher: Cipher, token: TokenIdentity, secrets: TokenSecrets): SecretColumns & { kid: string } {
  const seal = (column: keyof SecretColumns, value: string) => cipher.seal(value, placeOf(token, column))
  return {
    kid: cipher.primaryKid,
    access_token: seal('access_token', secrets.accessToken),
    refresh_token: secrets.refreshToken === undefined ? null : seal('refresh_token', secrets.refreshToken),
    id_token: secrets.idToken === undefined ? null : seal('id_token', secrets.idToken),
    extra: secrets.extra === undefined ? null : seal('extra', JSON.stringify(secrets.extra)),
  }
}

/** Decrypts a row's ciphertexts. Throws StoreError `unreadable` when any of them does not open. */
export function openSecrets(cipher: Cipher, token: TokenIdentity, columns: SecretColumns): TokenSecrets {
  return {
    accessToken: cipher.open(columns.access_token, placeOf(token, 'access_token')),
    ...ifSet('refreshToken', columns.refresh_token, (sealed) => cipher.open(sealed, placeOf(token, 'refresh_token'))),
    ...ifSet('idToken', columns.id_token, (sealed) => cipher.open(sealed, placeOf(token, 'id_token'))),
    ...ifSet('extra', columns.extra, (sealed) => extraOf(cipher.open(sealed, placeOf(token, 'extra')))),
  }
}

/** Decrypts those of a row's ciphertexts that do open; one that does not is lost and must not cost the others. */
export function readableSecrets(
  cipher: Cipher,
  token: TokenIdentity,
  columns: { readonly [Column in keyof SecretColumns]?: string | null },
): Partial<TokenSecrets> {
  const read = (column: keyof SecretColumns): string | undefined => {
    const sealed = columns[column]
    if (sealed === null || sealed === undefined) return undefined
    try {
      return cipher.open(sealed, placeOf(token, column))
    } catch (error) {
      if (error instanceof StoreError && error.code === 'unreadable') return undefined
      throw error
    }
  }
  return {
    ...ifSet('accessToken', read('access_token')),
    ...ifSet('refreshToken', read('refresh_token')),
    ...ifSet('idToken', read('id_token')),
    ...ifSet('extra', read('extra'), extraOf),
  }
}

function extraOf(json: string): Extra {
  return JSON.parse(json) as Extra
}

function placeOf(token: TokenIdentity, column: keyof SecretColumns): Place {
  return {
    table: 'oauth2_token_secrets',
    column,
    userId: token.user_id,
    integrationId: token.integration_id,
    rowId: token.id,
    generation: token.generation,
  }
}
