import { ActionIcon } from '@mantine/core';
import { IconBarcode } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';

import { texts } from '../texts';
import { hasCameraScanner } from './camera';

const CameraScan = lazy(() => import('./CameraScan'));

/** Opens the camera, on devices whose browser reads barcodes. */
export function ScanButton() {
  const [isOpen, setIsOpen] = useState(false);
  if (!hasCameraScanner()) return null;
  return (
    <>
      <ActionIcon aria-label={texts.shell.scan} title={texts.shell.scan} onClick={() => setIsOpen(true)}>
        <IconBarcode size={20} stroke={1.7} />
      </ActionIcon>
      {isOpen && (
        <Suspense fallback={null}>
          <CameraScan onClose={() => setIsOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
