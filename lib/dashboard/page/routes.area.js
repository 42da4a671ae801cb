import { requestsView } from './requests.view.js';

/** The area of the routes: all of them, and the page of each (`#/routes/METHOD/ROUTE`). */
export const area = requestsView;
