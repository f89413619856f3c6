import { useLocation } from 'wouter'
import { adminPlaceOf } from '../../../paths.ts'
import { useLive } from '../../../use-live.ts'
import { NotFoundPage } from '../../NotFoundPage.tsx'
import { AdminLayout } from '../AdminLayout.tsx'
import '../../../styles/admin-configuration.css'
import '../../../styles/admin-form.css'
import { AddPage } from './AddPage.tsx'
import { HistoryPage } from './HistoryPage.tsx'
import { ListPage } from './ListPage.tsx'
import { ReviewPage } from './ReviewPage.tsx'
import { SectionPage } from './SectionPage.tsx'
import { VersionPage } from './VersionPage.tsx'

/** The Configuration Manager: every page at and below `/admin/integrations`. */
export function ConfigurationPages() {
  useLive()
  const [path] = useLocation()
  const place = adminPlaceOf(path)
  if (!place) return <NotFoundPage />
  return (
    <AdminLayout>
      {place.page === 'list' ? <ListPage /> : null}
      {place.page === 'add' ? <AddPage /> : null}
      {place.page === 'review' ? <ReviewPage /> : null}
      {place.page === 'history' ? <HistoryPage /> : null}
      {place.page === 'version' ? <VersionPage number={place.number} /> : null}
      {place.page === 'section' ? <SectionPage key={place.section} section={place.section} /> : null}
    </AdminLayout>
  )
}
