declare module "*?worker" {
	const make: new () => Worker;
	export default make;
}
declare module "*.css";
