import type { PageConfirmLogin } from '@benchkey/sdk/admin-pages'
import { post } from './api.ts'
import { adminApiPaths } from './paths.ts'

/** The password of whoever is logged in once more: acts that need a recent login are possible for five minutes. */
export const confirmLogin = (confirm: PageConfirmLogin): Promise<void> => post<void>(adminApiPaths.confirmLogin, confirm)
