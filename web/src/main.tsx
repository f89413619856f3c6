import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Router } from 'wouter'
import { App } from './App.tsx'
import { ErrorBoundary } from './components/ErrorBoundary.tsx'
import { Notices } from './components/Notices.tsx'
import { guardBackButton, guardedNavigation } from './leave-guard.ts'
import { pageData } from './page-data.ts'
import { queryClient } from './queries.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/layout.css'
import './styles/list.css'
import './styles/sessions.css'
import './styles/activity.css'
import './styles/dialogs.css'

// A callback that failed leaves code and state in the address: out of the history before anything else runs, unless the
// same address is to be opened again.
if (pageData.problem && !pageData.problem.isRepeatable) history.replaceState(null, '', location.pathname)

guardBackButton()

const root = document.getElementById('root')
if (!root) throw new Error('The page has no element #root to draw into.')

createRoot(root).render(
  <StrictMode>
    <ErrorBoundary>
      <QueryClientProvider client={queryClient}>
        <Router base={pageData.basePath} aroundNav={guardedNavigation}>
          <Notices>
            <App />
          </Notices>
        </Router>
      </QueryClientProvider>
    </ErrorBoundary>
  </StrictMode>,
)
