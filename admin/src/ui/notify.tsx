import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';

/** A short message that something is done. It closes by itself. */
export function notifyDone(title: string, message?: string): void {
  notifications.show({ title, message: message ?? '', color: 'teal', icon: <IconCheck size={18} />, autoClose: message ? 8000 : 4000 });
}

/** A message that something did not work. It stays until it is closed. */
export function notifyProblem(title: string, message = ''): void {
  notifications.show({ title, message, color: 'red', icon: <IconAlertTriangle size={18} />, autoClose: false, role: 'alert' });
}
