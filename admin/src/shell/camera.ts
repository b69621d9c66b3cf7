/** The barcode reader of the browser, which TypeScript's library does not know yet. */
export interface BarcodeReader {
  detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]>;
}

declare global {
  interface Window {
    BarcodeDetector?: new (options?: { formats: string[] }) => BarcodeReader;
  }
}

export const FORMATS = ['ean_13', 'ean_8', 'upc_a', 'upc_e', 'code_128', 'code_39', 'itf', 'qr_code', 'data_matrix'];

/** True if the browser reads barcodes, and the page may ask for the camera (https or this machine). */
export function hasCameraScanner(): boolean {
  return window.BarcodeDetector !== undefined && navigator.mediaDevices?.getUserMedia !== undefined;
}
