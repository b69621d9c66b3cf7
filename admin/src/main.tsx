import '@fontsource-variable/inter/wght.css';
import '@mantine/core/styles.css';
import './ui/styles.css';

import { setNonce } from 'get-nonce';
import { createRoot } from 'react-dom/client';

import { BASE_PATH } from './pages/paths';
import { findPage } from './pages/routes';
import { Desk } from './shell/Desk';
import { nonce } from './shell/nonce';

// Libraries that add style elements take the nonce of the page's content security policy from here.
setNonce(nonce());

// The code of the first page is loaded at the same time as the session.
void findPage(window.location.pathname.slice(BASE_PATH.length) || '/')?.load().catch(() => undefined);

createRoot(document.getElementById('root') as HTMLElement).render(<Desk />);
