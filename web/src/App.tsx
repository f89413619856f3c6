import { lazy, Suspense } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import { pageData } from './page-data.ts'
import { CallbackProblemPage } from './pages/CallbackProblemPage.tsx'
import { LoginPage } from './pages/LoginPage.tsx'
import { NotFoundPage } from './pages/NotFoundPage.tsx'
import { pagePaths, routePatterns } from './paths.ts'

const ActivityPage = lazy(() => import('./pages/ActivityPage.tsx').then((module) => ({ default: module.ActivityPage })))
const ConfigurationPages = lazy(() =>
  import('./pages/admin/integrations/ConfigurationPages.tsx').then((module) => ({ default: module.ConfigurationPages })),
)
const DevicePage = lazy(() => import('./pages/DevicePage.tsx').then((module) => ({ default: module.DevicePage })))
const HomePage = lazy(() => import('./pages/HomePage.tsx').then((module) => ({ default: module.HomePage })))
const ManagedCredentialsPage = lazy(() =>
  import('./pages/ManagedCredentialsPage.tsx').then((module) => ({ default: module.ManagedCredentialsPage })),
)
const OversightPages = lazy(() =>
  import('./pages/admin/oversight/OversightPages.tsx').then((module) => ({ default: module.OversightPages })),
)
const SignInPage = lazy(() => import('./pages/SignInPage.tsx').then((module) => ({ default: module.SignInPage })))
const SignInDonePage = lazy(() => import('./pages/SignInPage.tsx').then((module) => ({ default: module.SignInDonePage })))

/** Which page a path shows. A problem the server wrote into the document comes before any path. */
export function App() {
  if (pageData.problem) return <CallbackProblemPage problem={pageData.problem} />
  return (
    <Suspense fallback={null}>
      <Switch>
        <Route path={pagePaths.home}>
          <HomePage />
        </Route>
        <Route path={pagePaths.settings}>
          <Redirect to={pagePaths.managedCredentials} replace />
        </Route>
        <Route path={pagePaths.login}>
          <LoginPage />
        </Route>
        <Route path={pagePaths.device}>
          <DevicePage />
        </Route>
        <Route path={pagePaths.managedCredentials}>
          <ManagedCredentialsPage />
        </Route>
        <Route path={pagePaths.activity}>
          <ActivityPage />
        </Route>
        <Route path={routePatterns.belowAdminIntegrations}>
          <ConfigurationPages />
        </Route>
        <Route path={pagePaths.admin}>
          <OversightPages />
        </Route>
        <Route path={routePatterns.belowAdmin}>
          <OversightPages />
        </Route>
        <Route path={routePatterns.signInDone}>
          <SignInDonePage />
        </Route>
        <Route path={routePatterns.signIn}>
          <SignInPage />
        </Route>
        <Route>
          <NotFoundPage />
        </Route>
      </Switch>
    </Suspense>
  )
}
