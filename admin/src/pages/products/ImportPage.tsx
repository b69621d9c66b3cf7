import { Stack } from '@mantine/core';
import { useState } from 'react';

import type { Schemas } from '../../api/client';
import { useCan, type Needs } from '../../api/session';
import { texts } from '../../texts';
import { useGo, useLocation } from '../../ui/location';
import { PageHeader } from '../../ui/page';
import { ExportPanel } from './ExportPanel';
import { ImportForm, type ChosenFile } from './ImportForm';
import { ImportResult } from './ImportResult';

const t = texts.stock;

export type ImportKind = Schemas['ImportKind'];

/** What an account needs to import rows of a kind. */
export const IMPORT_NEEDS: Record<ImportKind, Needs> = {
  products: 'products:write',
  stock: 'inventory:update',
  barcodes: 'products:write',
  suppliers: 'purchasing:manage',
  purchase_order: 'purchasing:manage',
};

/**
 * Imports of files, first as a check that changes nothing, and exports. The import that is shown is in the URL, so a long
 * one can be left and looked at later; the file itself is only kept while the page is open.
 */
export default function ImportPage() {
  const can = useCan();
  const go = useGo();
  const { search } = useLocation();
  const [file, setFile] = useState<ChosenFile | null>(null);
  const kinds = (Object.keys(IMPORT_NEEDS) as ImportKind[]).filter((kind) => can(IMPORT_NEEDS[kind]));
  const id = search.id && /^\d{1,15}$/.test(search.id) ? Number(search.id) : null;
  const show = (next: number | null) => go(next === null ? '/products/import' : `/products/import?id=${next}`, { replace: true });

  return (
    <>
      <PageHeader title={t.importExport} back={{ to: '/products', label: t.products }} />
      <Stack gap="md">
        {kinds.length > 0 && (
          <ImportForm
            kinds={kinds}
            file={file}
            onChoose={(chosen) => {
              setFile(chosen);
              if (id !== null) show(null);
            }}
            onChecked={show}
          />
        )}
        {id !== null && kinds.length > 0 && <ImportResult key={id} id={id} file={file} onImported={show} />}
        <ExportPanel />
      </Stack>
    </>
  );
}
