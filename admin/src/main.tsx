import '@fontsource-variable/inter/wght.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './ui/styles.css';

import { setNonce } from 'get-nonce';
import { createRoot } from 'react-dom/client';

import { nonce } from './shell/nonce';
import { preloadFirstPage } from './shell/router';
import { Desk } from './shell/Desk';

// Libraries that add style elements take the nonce of the page's content security policy from here.
setNonce(nonce());
preloadFirstPage();

createRoot(document.getElementById('root') as HTMLElement).render(<Desk />);
