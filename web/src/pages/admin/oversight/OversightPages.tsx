import { Route, Switch } from 'wouter'
import { pagePaths, routePatterns } from '../../../paths.ts'
import { useLive } from '../../../use-live.ts'
import { NotFoundPage } from '../../NotFoundPage.tsx'
import { AdminLayout } from '../AdminLayout.tsx'
import '../../../styles/admin-configuration.css'
import '../../../styles/oversight.css'
import { AuditPage } from './AuditPage.tsx'
import { DashboardPage } from './DashboardPage.tsx'
import { SessionsPage } from './SessionsPage.tsx'
import { UserPage } from './UserPage.tsx'
import { UsersPage } from './UsersPage.tsx'

/** The pages of administrators beside the Configuration Manager. */
export function OversightPages() {
  useLive()
  return (
    <Switch>
      <Route path={pagePaths.admin}>
        <AdminLayout>
          <DashboardPage />
        </AdminLayout>
      </Route>
      <Route path={pagePaths.adminUsers}>
        <AdminLayout>
          <UsersPage />
        </AdminLayout>
      </Route>
      <Route path={routePatterns.adminUser}>
        {({ name }) => (
          <AdminLayout>
            <UserPage key={name} name={name} />
          </AdminLayout>
        )}
      </Route>
      <Route path={pagePaths.adminSessions}>
        <AdminLayout>
          <SessionsPage />
        </AdminLayout>
      </Route>
      <Route path={pagePaths.adminAudit}>
        <AdminLayout>
          <AuditPage />
        </AdminLayout>
      </Route>
      <Route>
        <NotFoundPage />
      </Route>
    </Switch>
  )
}
